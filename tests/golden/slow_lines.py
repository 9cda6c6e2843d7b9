"""The texts of slow_tokenizers.py: 10,000 lines in 16 scripts, from a table and a seed.

datasets/tests/datasets/published/lines.rs generates the same lines from
`datasets/tests/golden/texts.json`.
"""

import unicodedata

LINES = 10_000

# Characters and words of each script. Some characters are in no word: models do not learn them.
SCRIPTS = {
    "latin": ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "the sea and sky of a small town was quiet Tom's don't they've I'm River STONE walking unhappily lowest newer wider"),
    "accents": ("àâäçéèêëîïñôöùûüßåøæœąęłńśźżčěřšůž", "déjà über straße naïve façade señor Ångström œuvre łódź žluťoučký kůň"),
    "vietnamese": ("ăâđêôơưạảấầẩẫậắằẳẵặ", "tiếng Việt không được người nước"),
    "cyrillic": ("абвгдежзийклмнопрстуфхцчшщъыьэюяё", "море и небо над тихим городом Москва ещё їжак"),
    "greek": ("αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ", "η θάλασσα και ο ουρανός της πόλης Ἀθῆναι"),
    "arabic": ("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", "البحر والسماء فوق المدينة مَرْحَبًا ﷺ"),
    "hebrew": ("אבגדהוזחטיכלמנסעפצקרשת", "הים והשמים מעל העיר שָׁלוֹם"),
    "devanagari": ("अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", "समुद्र और आकाश नमस्ते हिन्दी क्षेत्र ज़रूर"),
    "bengali": ("অআইউএকখগঘচছজটডতদনপবভমরলশসহ", "সমুদ্র এবং আকাশ বাংলা"),
    "tamil": ("அஆஇஈஉகஙசஞடணதநபமயரலவ", "கடல் மற்றும் வானம் தமிழ்"),
    "thai": ("กขคงจฉชซดตถทธนบปผพฟภมยรลวศสหอ", "ทะเลและท้องฟ้า สวัสดี เมืองเล็ก"),
    "chinese": ("的一是不了人我在有他这中大来上国个到说们为子和你地出", "大海和天空 我们在小城里 你好世界 漢字"),
    "japanese": ("あいうえおかきくけこさしすせそアイウエオカキクケコ", "海と空 こんにちは カタカナ 東京タワー ﾊﾝｶｸ ｶﾞ か\u3099"),
    "korean": ("가나다라마바사아자차카타파하고노도로모", "바다와 하늘 안녕하세요 대한민국 \u1112\u1161\u11ab\u1100\u1173\u11af"),
    "georgian": ("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", "ზღვა და ცა გამარჯობა"),
    "armenian": ("աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցփքօֆ", "ծով և երկինք բարեւ"),
}

# Difficult cases for tokenizers.
ODD = [
    "0", "42", "1,234.5", "3.14%", "2024-11-28", "٣٤٥", "१२३", "½", "Ⅷ", "①", "x²",
    "!", "?!", "...", "…", "“quoted”", "``quoted''", "‘x’", "—", "-", "_", "#tag", "@you", "a/b", "(c)", "[d]", "{e}", "C++", "\\n", "~", "～", "´", "¨",
    "🙂", "👩‍🚀", "🇩🇪", "👍🏽", "❤️", "🏴",
    "ﬁne", "ﬀ", "Ａｂｃ", "１２３", "㎏", "㍿", "™", "ª", "ǆ", "İstanbul", "ıs", "ſ", "ẞ", "Å",
    "e\u0301", "a\u0308", "n\u0303o", "o\u0323\u0302", "\u0301", "z\u0351\u036b\u0343", "α\u0301", "क\u093c",
    "\u00ad", "\u200b", "\u200d", "\u200e", "\ufeff", "\ufffd", "\u0000", "\u0007", "\u0085", "\u2581", "\u2581a",
    "\U0001d504", "\U00020000", "\ue000",
    "</s>", "<s>", "<pad>", "<unk>", "<mask>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "<|endoftext|>", "<extra_id_0>", "<extra_id_7>", "<mask_1>", "<unk_5>",
    "<bos>", "<eos>", "<0x41>", "en_XX", "eng_Latn", "__en__", ">>fra<<", ">>xx<<", "<|turn|>", "newtoken", "NEWTOKEN", "<ctrl>", "[INST]",
]

BETWEEN = [" ", " ", " ", " ", " ", " ", "", "", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2009", ", ", ". ", "-"]

TEXTS = {
    "scripts": [{"letters": letters, "words": words.split()} for letters, words in SCRIPTS.values()],
    "odd": ODD,
    "between": BETWEEN,
}


class Draw:
    """Knuth's linear congruential generator, with the upper half as output."""

    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % count

    def one(self, values):
        return values[self.below(len(values))]


def word(draw, script):
    match draw.below(10):
        case 0 | 1 | 2:
            letters = [draw.one(script["letters"]) for _ in range(1 + draw.below(7))]
            return "".join(letters)
        case 3:
            return draw.one(ODD)
        case _:
            return draw.one(script["words"])


def line(number):
    draw = Draw(number)
    draw.below(1)
    scripts = TEXTS["scripts"]
    main = draw.one(scripts)
    parts = []
    for _ in range(1 + draw.below(10)):
        script = draw.one(scripts) if draw.below(6) == 0 else main
        parts += [word(draw, script), draw.one(BETWEEN)]
    if draw.below(8) == 0:
        parts.insert(0, draw.one(BETWEEN))
    if draw.below(3) != 0:
        parts.pop()
    return "".join(parts)


def lines():
    return [line(number) for number in range(LINES)]


def learnable():
    """The training text: the words, without special tokens."""
    texts = []
    for number in range(4000):
        draw = Draw(number + 10**6)
        script = draw.one(TEXTS["scripts"])
        count = 3 + draw.below(8)
        texts.append(" ".join(draw.one(script["words"]) for _ in range(count)))
    return texts


def rules():
    """A small normalization table, by NFKC and SentencePiece's own rules for spaces: the default
    one has 240 kB."""
    found = {}
    texts = [text for script in TEXTS["scripts"] for text in [*script["letters"], *script["words"]]] + ODD + BETWEEN
    for text in texts:
        pieces = [text[i:j] for i in range(len(text)) for j in range(i + 1, min(i + 4, len(text) + 1))]
        for piece in pieces:
            plain = unicodedata.normalize("NFKC", piece)
            parts = "".join(unicodedata.normalize("NFKC", c) for c in piece)
            if plain != piece and (len(piece) == 1 or plain != parts) and "\0" not in piece:
                found[piece] = plain
    for space in "\t\n\r\u00a0\u3000\u2009\u0085\u200b\ufeff":
        found[space] = " "
    for control in "\u0007\u00ad\u200e":
        found[control] = ""
    hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
    return "".join(f"{hexes(key)}\t{hexes(value)}\n" for key, value in sorted(found.items()))
