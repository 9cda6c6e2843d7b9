"""The training text of the tokenizers, and the inputs of the pipelines."""

CORPUS = """\
Anna lives in Berlin and works for a small company near the river.
Her brother Peter moved from London to Paris in 1998, and later to New York.
The train from Hamburg to Munich was 25 minutes late because of snow.
What is the capital of France? The capital of France is Paris.
Who wrote the letter? Maria wrote the letter to her mother in Madrid.
It costs 12.50 euros, or 14 dollars; that is not much, she said.
The weather was good, the food was bad, and the hotel was very, very old.
I really like this movie! The actors are wonderful and the story is great.
I do not like the new phone: the screen is too dark and it is slow.
Scientists have found a new kind of star; it is older than the sun.
The team won the game in the last minute, and the people were happy.
Please translate this sentence into German, and summarize the long text.
"Don't worry," he said, "we'll be there at 9:30."
Un café, s'il vous plaît. L'été à Genève était très chaud.
Où est la gare? Elle est près de l'hôtel, à côté du marché.
Der Fluß fließt durch die Stadt. Über den Dächern schläft die Müllerin.
Die Kinder spielen im Garten, während die Großmutter kocht.
El niño comió una manzana mañana por la mañana en la montaña.
O menino não está em São Paulo; a irmã está em Lisboa.
Москва является столицей России. Река течёт через город.
Привет, как дела? Хорошо, спасибо.
東京は日本の首都です。今日は天気がいいですね。
北京是中国的首都。我喜欢喝茶。
서울은 대한민국의 수도입니다.
القاهرة هي عاصمة مصر. مرحبا بالعالم
שלום עולם, ירושלים היא עיר גדולה
नमस्ते दुनिया, दिल्ली भारत की राजधानी है
Happy birthday 🎉🎂 from the whole family 👨‍👩‍👧‍👦 and the dog 🐶!
I ❤️ Rust 🦀 and Python 🐍, 100% :-)
state-of-the-art e-mail@example.com https://example.com/a_b?c=1&d=2#e
The years 2019, 2020 and 2021 were 3 of the 10 warmest years: +1.5°C.
Yesterday the mayor of Zürich met Dr. Smith from Oxford University.
The museum in Vienna shows paintings and old maps of the world.
Summary: the river was high, the bridge was closed, the town was quiet.
""".splitlines()

# Difficult cases for tokenizers and offsets.
EMPTY = ""
SPACES = "   "
PADDED = "  Anna lives in Berlin.   "
ACCENTS = "Élise est née à Genève, près de l'hôtel São Paulo."
DECOMPOSED = "Cafe\u0301 Zu\u0308rich and Mu\u0308nchen"
EMOJI = "Peter ❤️ Paris 🎉, the family 👨‍👩‍👧‍👦 and 👍🏽 in 🇩🇪!"
CHINESE = "北京是中国的首都。Anna 在東京工作。"
RTL = "שלום Anna, القاهرة هي عاصمة مصر"
LINES = "Anna lives\nin\tBerlin.\r\nPeter moved to Paris."
LONG_WORD = "Anna " + "Donaudampfschifffahrt" * 8 + " Berlin"
PUNCTUATION = "New York-based Dr. Smith's e-mail (2020): $12.50?!"
SHORT = "Anna lives in Berlin."
SENTENCE = "Her brother Peter moved from London to New York in 1998."
# Longer than the context of every model.
LONG = " ".join(CORPUS[:6])


class Repeated(str):
    """A long text, stored in a fixture as `{"repeat": ..., "times": ...}`."""

    def __new__(cls, part, times):
        text = super().__new__(cls, part * times)
        text.part, text.times = part, times
        return text


TEN_THOUSAND = Repeated("Anna lives in Berlin, Peter moved to Paris. And so on. ", 182)
FAR_APART = Repeated("Anna lives" + " " * 480 + "in Berlin.\n", 20)
ONE_WORD = Repeated("Berlin", 1700)

TEXTS = [
    SHORT, SENTENCE, PADDED, ACCENTS, DECOMPOSED, EMOJI, CHINESE, RTL, LINES, LONG_WORD,
    PUNCTUATION,
]
BLANK = [EMPTY, SPACES]
