"""Weight decay: L2, L1 and elastic net over their strengths (E, “Weight decay”)."""

from dataclasses import dataclass

from experiments.analyses import weight_decay as analysis
from experiments.analyses.weight_decay import GONE, SMALL, share_below
from reporting import Measure, Methods, Study, compare, table_of
from reporting.verdicts.measures import (
    ACCURACY_MARGIN,
    TEST_ACCURACY,
    TRAINING_ACCURACY,
    VALIDATION_ACCURACY,
    over_seeds,
)
from training import RunRecord

CHAPTER = "E, “Weight decay”"

study = Study(
    name="weight_decay",
    title="Weight decay",
    question="Does a penalty on the weights help a network that over-fits, and does L1 set weights "
    "to zero?",
    sources=[CHAPTER],
    says="L2 keeps the weights as small as possible; L1 tends to eliminate those of the least "
    "important variables completely, a sparse model; elastic net is a compromise of both. A simple "
    "weight decay can improve generalisation.",
    datasets=["fashion_mnist"],
)

# 784-250-10 with ReLU, trained on the cross-entropy of the softmax plus the penalty.
NETWORK = {"model": "dense", "hidden": (250,), "activation": "relu"}
BATCH_SIZE = 150
RATES = (0.0003, 0.001, 0.003)

# λ → factors of l1 and l2 in the loss + l1·Σ|w| + l2·Σw²: L2 is λ/2·Σw², L1 λ·Σ|w|, and elastic net
# r·λ·Σ|w| + (1 − r)·λ/2·Σw² at r = ½. The ½ that E prints before this Σ|w| is an erratum, for with
# it r = 1 is not E's L1 (see the study `errata`).
PENALTIES = {"L2": (0, 1 / 2), "L1": (1, 0), "elastic net": (1 / 2, 1 / 4)}
L2, L1, ELASTIC = PENALTIES
NONE = "no decay"
STRENGTHS = 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3
TOLERATED = 0.005  # of validation accuracy, that the strongest penalty may cost
BEST, STRONGEST = "best by validation", f"strongest that costs at most {TOLERATED:g}"


@dataclass(frozen=True)
class Runs:
    """The strengths tried on the tuning seeds, and the networks at the strengths chosen.

    Attributes:
        tried: Penalty → strength λ → its runs on the tuning seeds.
        without: The runs without a penalty on those seeds.
        chosen: `BEST` and `STRONGEST` → `NONE` and each penalty → runs at the strength so chosen.
    """

    tried: dict[str, Methods]
    without: list[RunRecord]
    chosen: dict[str, Methods]


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(3_000, 1_000, 25), paper=(48_000, 12_000, 15))
    strengths = lab.choose(quick=STRENGTHS[1::2], paper=STRENGTHS)
    base = lab.config(
        **NETWORK,
        train_size=n,
        validation_size=validation,
        optimizer="adam",
        schedule="cosine",
        batch_size=BATCH_SIZE,
        epochs=epochs,
        keep=("weight sizes",),
    )
    none = lab.tune({NONE: base}, RATES, by="validation error")[NONE]
    decayed = {
        (penalty, strength): none.replace(l1=strength * l1, l2=strength * l2)
        for penalty, (l1, l2) in PENALTIES.items()
        for strength in strengths
    }
    trials = lab.trials({NONE: none} | decayed)
    without = trials[NONE]
    tried = {p: {strength: trials[p, strength] for strength in strengths} for p in PENALTIES}
    strength_of = {
        BEST: {penalty: best(tried[penalty]) for penalty in PENALTIES},
        STRONGEST: {penalty: strongest(tried[penalty], without) for penalty in PENALTIES},
    }
    chosen = {}
    for way, strengths in strength_of.items():
        configs = {penalty: decayed[penalty, strengths[penalty]] for penalty in PENALTIES}
        chosen[way] = lab.train({NONE: none} | configs)
    return Runs(tried, without, chosen)


def mean_validation_accuracy(records):
    return over_seeds(records, VALIDATION_ACCURACY).mean()


def best(by_strength):
    """The strength of the highest mean validation accuracy."""
    return max(by_strength, key=lambda strength: mean_validation_accuracy(by_strength[strength]))


def strongest(by_strength, without):
    """The largest strength that costs at most `TOLERATED`; the best where all cost more."""
    least = mean_validation_accuracy(without) - TOLERATED
    cheap = [
        strength
        for strength, records in by_strength.items()
        if mean_validation_accuracy(records) >= least
    ]
    return max(cheap, default=best(by_strength))


MEAN_SIZE = Measure(
    "mean size of a weight",
    analysis.mean_size,
    better="lower",
    margin=0.05,  # of the ratio: the sizes are counted in bins a tenth of a decade wide
)
OVERFITTING = Measure(
    "training minus validation accuracy",
    analysis.accuracy_gap,
    better="lower",
    margin=ACCURACY_MARGIN,
)
SMALL_WEIGHTS, GONE_WEIGHTS = (
    Measure(
        f"share of weights under {size:g}",
        share_below(size),
        better="higher",
        margin=0.01,  # one weight in a hundred
    )
    for size in (SMALL, GONE)
)


@study.claims
def claims(runs):
    def compared(statement, measure, lower, higher, way=BEST, ratio=False):
        return compare(
            source=CHAPTER,
            statement=statement,
            measure=measure,
            runs=runs.chosen[way],
            lower=lower,
            higher=higher,
            ratio=ratio,
        )

    def sparser(lower, higher, way=BEST):
        statement = f"{higher} gives more small weights than {lower} (each the {way})"
        return compared(statement, SMALL_WEIGHTS, lower, higher, way)

    def eliminates(lower, higher):
        statement = (
            f"{higher} eliminates more weights completely than {lower} (each the {STRONGEST})"
        )
        return compared(statement, GONE_WEIGHTS, lower, higher, STRONGEST)

    return [
        compared("L2 keeps the weights small", MEAN_SIZE, L2, NONE, ratio=True),
        *(
            compared(f"{penalty} improves generalisation", TEST_ACCURACY, NONE, penalty)
            for penalty in PENALTIES
        ),
        *(
            compared(f"{penalty} lessens over-fitting", OVERFITTING, penalty, NONE)
            for penalty in PENALTIES
        ),
        sparser(NONE, L1),
        sparser(L2, L1),
        sparser(L2, L1, STRONGEST),
        eliminates(NONE, L1),
        eliminates(L2, L1),
        sparser(L2, ELASTIC, STRONGEST),
        sparser(ELASTIC, L1, STRONGEST),
    ]


@study.table
def results(runs):
    networks = {NONE: runs.chosen[BEST][NONE]}
    for penalty in PENALTIES:
        for way in (BEST, STRONGEST):
            networks[f"{penalty}, {way}"] = runs.chosen[way][penalty]
    measures = [
        TRAINING_ACCURACY,
        VALIDATION_ACCURACY,
        TEST_ACCURACY,
        MEAN_SIZE,
        Measure(f"weights under {SMALL:g}", share_below(SMALL)),
        Measure(f"under {GONE:g}", share_below(GONE)),
    ]
    title = "Strengths chosen by validation accuracy"
    return table_of(title, "penalty", networks, measures, {"λ": analysis.strength})


@study.figure(
    caption="Accuracy after the last update against the strength of the penalty. It is chosen by "
    "validation; the test images are looked at, not chosen by.",
    alt="Accuracies on training, validation and test images against λ, for three penalties.",
    of="tuning seeds",
)
def accuracy_against_strength(runs):
    return analysis.draw_accuracies(runs.tried, runs.without)


@study.figure(
    caption="Over-fitting and small weights against the strength of the penalty; and what small "
    "weights cost: each point is a strength, and at one height accuracies are equal.",
    alt="Over-fitting falls and small weights grow with λ; L1 has more of them at an accuracy.",
    of="tuning seeds",
)
def over_fitting_and_sparsity(runs):
    return analysis.draw_sparsity(runs.tried, runs.without)


@study.figure(
    caption="How large the weights are, at the λ of the highest validation accuracy and at the "
    "largest that costs at most 0.005 of it. Vertical: 0.001. L1 pushes every weight towards 0 at "
    "one speed, and Adam's steps carry it across and back: small, but not 0. L2 pushes less the "
    "smaller a weight is, yet weights that it alone moves, such as those of pixels that are always "
    "black, dwindle to the left end, where all that is smaller is counted.",
    alt="Shares of weights by size: L1 and elastic net have a second hump of small weights.",
)
def size_of_the_weights(runs):
    return analysis.draw_sizes({f"The {way}": networks for way, networks in runs.chosen.items()})


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
