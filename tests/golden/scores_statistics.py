"""Results of scipy and statsmodels on random numbers; scores.py writes them to statistics.json."""

import itertools

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
import statsmodels.stats.multitest
import statsmodels.stats.power


def numbers(values):
    return [float(x) for x in values]


def summaries(generator):
    """Mean, standard deviation, 95 % interval."""
    samples = [generator.normal(3, 2, n) for n in (2, 3, 5, 10, 40, 500)]
    samples += [generator.normal(1e3, 1e-2, 4), generator.normal(0, 1e-9, 3), np.array([1.0, 2.0])]
    for x in samples:
        interval = scipy.stats.t.interval(0.95, len(x) - 1, np.mean(x), scipy.stats.sem(x))
        yield {
            "values": numbers(x),
            "mean": float(np.mean(x)),
            "standard_deviation": float(np.std(x, ddof=1)),
            "interval": numbers(interval),
        }


def ranged(generator):
    """Intervals of a mean within a range: of the log or logit of the mean, by the delta method."""
    for most, samples in (
        (None, [generator.gamma(2, 1, n) for n in (2, 3, 10)]),
        (1.0, [generator.beta(20, 1, n) for n in (2, 3, 5, 30)]),
        (100.0, [100 * generator.beta(1, 9, n) for n in (3, 4)] + [np.array([100.0, 100.0, 81.25])]),
    ):
        for x in samples:
            mean, half = np.mean(x), scipy.stats.t.ppf(0.975, len(x) - 1) * scipy.stats.sem(x)
            if most is None:
                interval = np.exp([np.log(mean) - half / mean, np.log(mean) + half / mean])
            else:
                share = mean / most
                half = half / most / (share * (1 - share))
                interval = most * scipy.special.expit([scipy.special.logit(share) - half, scipy.special.logit(share) + half])
            yield {"values": numbers(x), "most": most, "interval": numbers(interval)}


def powers():
    """The least number of pairs with a power of 80 %."""
    solve = statsmodels.stats.power.TTestPower()
    for standardized, level in itertools.product((0.05, 0.2, 0.5, 1.0, 1.7, 2.3, 3.0), (0.05, 0.05 / 3, 0.05 / 7)):
        n = 2
        while solve.power(standardized, n, level) < 0.8:
            n += 1
        yield {"standardized": standardized, "level": level, "pairs": n}


def quantiles():
    return [[float(df), float(scipy.stats.t.ppf(0.975, df))] for df in (1, 2, 3, 4, 7, 9, 29, 99, 999, 100000)]


def pairs(generator):
    """Paired t tests and exact signed-rank tests; with ties, by enumerating all signs."""
    for n, shift in itertools.product((2, 3, 5, 8, 12), (0.0, 0.5, 3.0)):
        a = generator.normal(0, 1, n)
        yield pair(a, a + generator.normal(shift, 0.7, n))
    for n in (4, 9):  # ties, and differences of zero
        a = generator.integers(0, 4, n).astype(float)
        yield pair(a, generator.integers(0, 4, n).astype(float))
    a = generator.normal(0, 1, 30)
    yield pair(a, a + generator.normal(0.2, 1, 30))


def pair(a, b):
    t = scipy.stats.ttest_rel(a, b)
    return {
        "a": numbers(a),
        "b": numbers(b),
        "difference": float(np.mean(a - b)),
        "t": float(t.statistic),
        "p": float(t.pvalue),
        "interval": numbers(t.confidence_interval(0.95)),
        "wilcoxon": signed_ranks(a - b),
    }


def signed_ranks(differences):
    """[W, p]: scipy's exact test, or its definition for ties, which scipy does not support."""
    d = differences[differences != 0]
    ranks = scipy.stats.rankdata(np.abs(d))
    smaller = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    if len(set(ranks)) == len(d):
        found = scipy.stats.wilcoxon(d, method="exact")
        assert found.statistic == smaller
        return [float(found.statistic), float(found.pvalue)]
    sums = [ranks[np.array(signs)].sum() for signs in itertools.product((False, True), repeat=len(d))]
    share = np.mean([total <= smaller + 1e-9 for total in sums])
    return [float(smaller), float(min(1, 2 * share))]


def corrections(generator):
    """Holm's p values."""
    for n in (1, 2, 3, 7, 28):
        p = generator.random(n) ** 3
        if n == 7:
            p[3] = p[5]
        yield {"p": numbers(p), "holm": numbers(statsmodels.stats.multitest.multipletests(p, method="holm")[1])}


def lines(generator):
    """Exponents by linear regression of logarithms."""
    for n, exponent, noise in ((3, 1.0, 0.05), (4, 2.0, 0.1), (6, 1.5, 0.01), (8, 0.1, 0.3)):
        x = 512.0 * 2 ** np.arange(n)
        y = 3e-4 * x**exponent * np.exp(generator.normal(0, noise, n))
        fit = scipy.stats.linregress(np.log(x), np.log(y))
        half = scipy.stats.t.ppf(0.975, n - 2) * fit.stderr
        yield {
            "points": [numbers(p) for p in zip(x, y)],
            "factor": float(np.exp(fit.intercept)),
            "exponent": float(fit.slope),
            "interval": [float(fit.slope - half), float(fit.slope + half)],
        }


def curve(x, a, b, c):
    return a * x**-b + c


def fits(generator):
    """loss = a·C^-b + c with residuals relative to the loss: bounded least squares from many starts."""
    for n, seeds, (a, b, c), noise in (
        (4, 1, (2.0, 0.4, 1.5), 0.002),
        (5, 1, (3.0, 0.25, 0.8), 0.005),
        (6, 1, (1.0, 0.6, 0.0), 0.003),
        (6, 3, (2.5, 0.3, 1.2), 0.01),
        (8, 2, (4.0, 0.15, 0.5), 0.003),
        (8, 3, (1.2, 0.9, 2.0), 0.02),
    ):
        x = np.repeat(4.0 ** np.arange(n), seeds)
        loss = curve(x, a, b, c) * (1 + generator.normal(0, noise, len(x)))
        yield fit(x * 1e12, loss)


def fit(compute, loss):
    x = compute / compute.min()
    residuals = lambda p: (curve(x, *p) - loss) / loss
    best = None
    for start in itertools.product((0.3, 3.0), (0.05, 0.3, 1.0), (0.0, 0.5, 1.0)):
        start = [start[0], start[1], start[2] * loss.min()]
        found = scipy.optimize.least_squares(
            residuals, start, bounds=([0, 1e-6, 0], np.inf), xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=20000
        )
        if best is None or found.cost < best.cost:
            best = found
    a, b, c = best.x
    degrees = len(x) - 3
    limit = 2 * best.cost * (1 + scipy.stats.t.ppf(0.975, degrees) ** 2 / degrees)
    result = {
        "points": [numbers(p) for p in zip(compute, loss)],
        "a": float(a * compute.min() ** b),
        "b": float(b),
        "c": float(c),
        "noise": float(np.sqrt(2 * best.cost / degrees)),
        "profile_b": profile(lambda b: cost_of_exponent(x, loss, b) - limit, b, 20.0),
        "profile_c": profile(lambda c: cost_of_offset(x, loss, c) - limit, c, 2 * loss.max()),
    }
    if c > 1e-3:
        options = {"sigma": loss, "bounds": ([0, 1e-6, 0], np.inf), "xtol": 1e-14, "ftol": 1e-14}
        again = scipy.optimize.curve_fit(curve, x, loss, best.x, **options)[0]
        assert np.allclose(again, best.x, rtol=1e-4), (again, best.x)
    return result


def cost_of_exponent(x, loss, b):
    """The least sum of squares over a and c, neither negative, for one b."""
    matrix = np.stack([x**-b, np.ones_like(x)], 1) / loss[:, None]
    return scipy.optimize.nnls(matrix, np.ones_like(x))[1] ** 2


def cost_of_offset(x, loss, c):
    """The least sum of squares over a and b for one c."""

    def cost(b):
        u = x**-b / loss
        a = max(0, u @ (1 - c / loss) / (u @ u))
        return np.sum((a * u + c / loss - 1) ** 2)

    grid = np.geomspace(1e-4, 20, 2000)
    at = int(np.argmin([cost(b) for b in grid]))
    bounds = (grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)])
    found = scipy.optimize.minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-12})
    return found.fun


def profile(above, centre, most):
    """Where the sum of squares, minimized over the others, is below the 95 % limit."""
    low = 0.0 if above(1e-9) <= 0 else scipy.optimize.brentq(above, 1e-9, max(centre, 1e-8), xtol=1e-13)
    high = None if above(most) <= 0 else scipy.optimize.brentq(above, max(centre, 1e-9), most, xtol=1e-13)
    return [float(low), None if high is None else float(high)]


def statistics(seed):
    generator = np.random.Generator(np.random.PCG64(seed))
    return {
        "summaries": list(summaries(generator)),
        "quantiles": quantiles(),
        "pairs": list(pairs(generator)),
        "corrections": list(corrections(generator)),
        "lines": list(lines(generator)),
        "fits": list(fits(generator)),
        "ranged": list(ranged(generator)),
        "powers": list(powers()),
    }
