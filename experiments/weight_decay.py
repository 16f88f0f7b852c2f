"""Weight decay: L2, L1 and elastic net over their strengths (E, “Weight decay”)."""

from experiments.analyses import weight_decay as analysis
from experiments.analyses.weight_decay import ACCURACIES, GONE, SMALL, share_below
from reporting import Study, compare, table_of
from reporting.verdicts.measures import over_seeds, validation_accuracy

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

# λ → factors of l1 and l2 in the loss + l1·Σ|w| + l2·Σw²: L2 is λ/2·Σw², L1 λ·Σ|w|, and elastic net
# r·λ·Σ|w| + (1 − r)·λ/2·Σw² at r = ½. The ½ that E prints before this Σ|w| is an erratum, for with
# it r = 1 is not E's L1 (see the study `errata`).
PENALTIES = {"L2": (0, 1 / 2), "L1": (1, 0), "elastic net": (1 / 2, 1 / 4)}
NONE, (L2, L1, ELASTIC) = "no decay", PENALTIES
STRENGTHS = 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3
TOLERATED = 0.005  # of validation accuracy, that the strongest penalty may cost
BEST, STRONGEST = "best by validation", f"strongest that costs at most {TOLERATED:g}"


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(3_000, 1_000, 25), paper=(48_000, 12_000, 15))
    strengths = lab.choose(quick=STRENGTHS[1::2], paper=STRENGTHS)
    base = lab.config(
        train_size=n, validation_size=validation, hidden=(250,), batch_size=150, optimizer="adam",
        schedule="cosine", epochs=epochs, keep=("weight sizes",),
    )  # fmt: skip
    none = lab.tune({NONE: base}, (0.0003, 0.001, 0.003), by="validation error")[NONE]
    decayed = {
        (penalty, strength): none.replace(l1=strength * l1, l2=strength * l2)
        for penalty, (l1, l2) in PENALTIES.items()
        for strength in strengths
    }
    trials = lab.trials({NONE: none} | decayed)
    without = trials[NONE]
    tried = {p: {s: trials[p, s] for s in strengths} for p in PENALTIES}
    chosen = {
        BEST: {p: best(of_strengths) for p, of_strengths in tried.items()},
        STRONGEST: {p: strongest(of_strengths, without) for p, of_strengths in tried.items()},
    }
    return {"tried": tried, "without": without} | {
        way: lab.train({NONE: none} | {p: decayed[p, s] for p, s in of_penalties.items()})
        for way, of_penalties in chosen.items()
    }


def best(of_strengths):
    """The strength of the highest mean validation accuracy."""
    return max(of_strengths, key=lambda s: over_seeds(of_strengths[s], validation_accuracy).mean())


def strongest(of_strengths, without):
    """The largest strength that costs at most `TOLERATED`; the best where all cost more."""
    least = over_seeds(without, validation_accuracy).mean() - TOLERATED
    cheap = [strength for strength, records in of_strengths.items()
             if over_seeds(records, validation_accuracy).mean() >= least]  # fmt: skip
    return max(cheap, default=best(of_strengths))


@study.claims
def claims(runs):
    def ours(statement, quantity, measure, lower, higher, way=BEST, **options):
        return compare(CHAPTER, statement, quantity, runs[way], measure, lower, higher, **options)

    def generalises(penalty):
        return ours(f"{penalty} improves generalisation", "test accuracy", ACCURACIES["test"],
                    NONE, penalty, better="higher")  # fmt: skip

    def overfits_less(penalty):
        return ours(f"{penalty} lessens over-fitting", "training minus validation accuracy",
                    analysis.accuracy_gap, penalty, NONE)  # fmt: skip

    def sparser(lower, higher, way=BEST, size=SMALL, what="gives more small weights than"):
        return ours(f"{higher} {what} {lower} (each the {way})", f"share of weights under {size:g}",
                    share_below(size), lower, higher, way)  # fmt: skip

    return [
        ours("L2 keeps the weights small", "mean size of a weight", analysis.mean_size, L2, NONE,
             ratio=True),
        *(claim(penalty) for claim in (generalises, overfits_less) for penalty in PENALTIES),
        sparser(NONE, L1),
        sparser(L2, L1),
        sparser(L2, L1, STRONGEST),
        sparser(NONE, L1, STRONGEST, GONE, "eliminates more weights completely than"),
        sparser(L2, L1, STRONGEST, GONE, "eliminates more weights completely than"),
        sparser(L2, ELASTIC, STRONGEST),
        sparser(ELASTIC, L1, STRONGEST),
    ]  # fmt: skip


@study.table
def results(runs):
    networks = {f"{penalty}, {way}": runs[way][penalty]
                for penalty in PENALTIES for way in (BEST, STRONGEST)}  # fmt: skip
    measures = {f"{name} accuracy": accuracy for name, accuracy in ACCURACIES.items()} | {
        "mean size of a weight": analysis.mean_size,
        f"weights under {SMALL:g}": share_below(SMALL),
        f"under {GONE:g}": share_below(GONE),
    }
    title, none = "Strengths chosen by validation accuracy", {NONE: runs[BEST][NONE]}
    return table_of(title, "penalty", none | networks, measures, {"λ": analysis.strength})


@study.figure(
    caption="Accuracy after the last update against the strength of the penalty. It is chosen by "
    "validation; the test images are looked at, not chosen by.",
    alt="Accuracies on training, validation and test images against λ, for three penalties.",
    of="tuning seeds",
)
def accuracy_against_strength(runs):
    return analysis.draw_accuracies(runs["tried"], runs["without"])


@study.figure(
    caption="Over-fitting and small weights against the strength of the penalty; and what small "
    "weights cost: each point is a strength, and at one height accuracies are equal.",
    alt="Over-fitting falls and small weights grow with λ; L1 has more of them at an accuracy.",
    of="tuning seeds",
)
def over_fitting_and_sparsity(runs):
    return analysis.draw_sparsity(runs["tried"], runs["without"])


@study.figure(
    caption="How large the weights are, at the λ of the highest validation accuracy and at the "
    "largest that costs at most 0.005 of it. Vertical: 0.001. L1 pushes every weight towards 0 at "
    "one speed, and Adam's steps carry it across and back: small, but not 0. L2 pushes less the "
    "smaller a weight is, yet weights that it alone moves, such as those of pixels that are always "
    "black, dwindle to the left end, where all that is smaller is counted.",
    alt="Shares of weights by size: L1 and elastic net have a second hump of small weights.",
)
def size_of_the_weights(runs):
    return analysis.draw_sizes({f"The {way}": runs[way] for way in (BEST, STRONGEST)})


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
