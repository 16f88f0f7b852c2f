"""Full batch against mini-batch gradient descent (A, sections 3.2 to 3.4; E, optimizers)."""

from reporting import Study, Table, compare, direction, identity, summary_of
from reporting.figures import plots
from reporting.figures.curves import COSTS, draw_costs
from reporting.verdicts.measures import final_loss, fluctuation, iterations_to_reach, running_mean

study = Study(
    name="full_vs_minibatch",
    title="Full batch against mini-batch gradient descent",
    question="What does progress cost when every update uses all n training images, and what when "
    "it uses only m of them?",
    sources=["A 3.2-3.4", "E"],
    says="Over the first 100 iterations a mini-batch of 150 saves hugely in gradient computations "
    "against the full batch of 60,000, and pays with a loss that fluctuates more. Batches of 50 "
    "to 200 are typical; with m = 1 there is a lot of noise.",
    datasets=["fashion_mnist"],
)

FULL, MINI, SINGLE = "full batch", "m = 150", "m = 1"
ITERATIONS = 100
SHARED_RATE = 0.01  # Keras's default for SGD


@study.runs
def runs(lab):
    n = lab.choose(quick=6_000, paper=60_000)
    rates = lab.choose(quick=(0.03, 0.1, 0.3), paper=(0.01, 0.03, 0.1, 0.3, 1.0))
    base = lab.config(train_size=n, learning_rate=SHARED_RATE, iterations=ITERATIONS)
    methods = {
        FULL: base.replace(batch_size=n),
        "m = 200": base.replace(batch_size=200),
        MINI: base.replace(batch_size=150),
        "m = 50": base.replace(batch_size=50),
        # Bounded: as many sample gradients as m = 150 computes in its 100 iterations.
        SINGLE: base.replace(batch_size=1, iterations=150 * ITERATIONS),
    }
    tuned = lab.tune(methods, rates)
    epochs = {MINI: tuned[MINI].replace(iterations=None, epochs=3)}
    return {
        "shared": lab.train(methods),
        "tuned": lab.train(tuned),
        "epochs": lab.train(epochs),
    }


@study.claims
def claims(runs):
    shared, tuned, epochs = runs["shared"], runs["tuned"], runs["epochs"][MINI][0]
    full, mini = tuned[FULL], tuned[MINI]
    n, m = full[0].config.train_size, mini[0].config.batch_size
    pairs = zip(full, mini, strict=True)
    needed = [iterations_to_reach(record, final_loss(other)) for record, other in pairs]

    def dearer(source, cost):
        of_full = [COSTS[cost](r)[k - 1] for r, k in zip(full, needed, strict=True)]
        of_mini = [COSTS[cost](record)[-1] for record in mini]
        statement = f"For the same progress the full batch costs more ({cost.lower()})"
        measure = f"{cost.lower()} to the loss that m = 150 reaches in 100 iterations"
        return direction(source, statement, measure, (MINI, of_mini), (FULL, of_full), ratio=True)

    def noisier(source, statement, calm, noisy, methods):
        quantity = "standard deviation of the loss around its trend"
        return compare(source, statement, quantity, methods, fluctuation, calm, noisy)

    def counted(source, statement, says, holds):
        return identity(source, statement, "counted in the run", says, holds)

    return [
        dearer("A 3.4", "Sample gradients"),
        dearer("A 3.2", "Seconds"),
        noisier("A 3.4", "Mini-batches fluctuate more, at one learning rate", FULL, MINI, shared),
        noisier("A 3.4", "Mini-batches fluctuate more, each at its own rate", FULL, MINI, tuned),
        noisier("A 3.5", "Single images are noisier than batches of 150", MINI, SINGLE, tuned),
        counted("A 3.4", "A mini-batch of 150 computes 1500 gradients in 100 iterations",
                1500, mini[0].sample_gradients[ITERATIONS - 1]),
        counted("A 3.4", f"The full batch computes 100 · {n:,} gradients in 100 iterations",
                100 * n, full[0].sample_gradients[ITERATIONS - 1]),
        counted("A 3.3", f"Iterations are epochs · n / m, here 3 · {n:,} / {m}",
                3 * n / m, len(epochs.iteration_loss)),
    ]  # fmt: skip


@study.table
def accounting(runs):
    columns = ["method", "m", "iterations per epoch, n/m", "gradients per iteration, m",
               "gradients in 100 iterations, 100·m"]  # fmt: skip
    rows = []
    for label, (record, *_) in runs["tuned"].items():
        n, m = record.config.train_size, record.config.batch_size
        gradients = record.sample_gradients
        rows.append([label, m, -(-n // m), gradients[0], gradients[ITERATIONS - 1]])
    return Table(f"What an iteration costs, n = {n:,}", columns, rows)


@study.table
def results(runs):
    columns = ["method", "iterations", f"loss at rate {SHARED_RATE}", "tuned rate",
               "loss at tuned rate", "its fluctuation", "seconds"]  # fmt: skip
    rows = []
    for label, tuned in runs["tuned"].items():
        at_shared_rate = summary_of(runs["shared"][label], final_loss)
        measures = (final_loss, fluctuation, lambda record: record.seconds)
        record, at_tuned_rate = tuned[0], [summary_of(tuned, measure) for measure in measures]
        rate, iterations = record.config.learning_rate, len(record.iteration_loss)
        rows.append([label, iterations, at_shared_rate, rate, *at_tuned_rate])
    return Table("Loss on all training images after the last update", columns, rows)


@study.figure(
    caption="Each batch's loss before its update, in 100 iterations (m = 1: in 15,000, drawn as a "
    "moving average over 150), each method at its own learning rate. Iteration for iteration the "
    "full batch leads; by gradients or seconds it starts where mini-batches have finished.",
    alt="Training loss against iterations, sample gradients and seconds, for five batch sizes.",
)
def three_costs(runs):
    return draw_costs(runs["tuned"], first=ITERATIONS, windows={SINGLE: 150})


@study.figure(
    caption=f"The same with one learning rate for all, {SHARED_RATE}, as A has it.",
    alt="Training loss against three costs, at one learning rate for five batch sizes.",
)
def three_costs_at_one_rate(runs):
    return draw_costs(runs["shared"], first=ITERATIONS, windows={SINGLE: 150})


@study.chart("Zoom into every iteration", "Each batch's loss before its update; all but m = 1.")
def every_loss(runs):
    settings = {"each at its own rate": runs["tuned"], "one rate for all": runs["shared"]}
    return {title: {k: of[k] for k in of if k != SINGLE} for title, of in settings.items()}


@study.figure(
    caption="Three epochs of m = 150: the exact loss of each batch, and what the usual "
    "callback records of the same run, the mean over the epoch so far. The mean hides the "
    "fluctuation, lags behind, and drops with each new epoch for no reason but its reset.",
    alt="The exact loss of each iteration, and the smoother running mean with a step per epoch.",
    of="seed 0",
)
def running_mean_beside_loss(runs):
    record = runs["epochs"][MINI][0]
    fig, ax = plots.figure()
    curves = {"exact loss": record.iteration_loss, "running mean": running_mean(record)}
    for label, curve in curves.items():
        plots.mean_and_band(ax, COSTS["Iterations"](record), [curve], label)
    ax.lines[0].set_linewidth(1)
    plots.label_axes(ax, "Iterations", "Loss")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
