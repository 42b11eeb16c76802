"""Score a run by the ML Test Score: look for the evidence of each of the 28 items.

Evidence is looked up, never asserted: a gate that this run judged, a verdict that it reached, a
test function that is in the repository. What is not found leaves its item not met.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import math
from collections.abc import Callable, Iterable

from components.model_validator.gate_result import Outcome
from pipelines.config import CODE_ROOT
from pipelines.node_result import NodeState
from pipelines.report.ml_test_score import Evidence, Item, MlTestScore, Section
from pipelines.report.run_report import RunFacts
from pipelines.run_summary import GateRow
from schemas.feature_table import Role

Finding = Evidence | None
"""Evidence, or None where it was not found."""
_JUDGED = (Outcome.PASSED, Outcome.INCONCLUSIVE)
_RAN = (NodeState.DONE, NodeState.CACHED, NodeState.DATA_REFUSED, NodeState.MODEL_REFUSED)


@dataclasses.dataclass(frozen=True)
class _Entry:
    """One item of the rubric, and where its evidence is looked for.

    Attributes:
        section: Its section.
        title: What is asked.
        automated: What must all be found for a whole point; empty where nothing could earn it.
        documented: What must all be found for half a point; empty likewise.
        lacks: What is missing where the whole point is not earned.
    """

    section: Section
    title: str
    lacks: str
    automated: tuple[Callable[[RunFacts], Finding], ...] = ()
    documented: tuple[Callable[[RunFacts], Finding], ...] = ()


def score_run(facts: RunFacts) -> MlTestScore:
    """Score a run.

    Args:
        facts: All that is told of it.

    Returns:
        The score, with the evidence of each item.
    """
    numbers = dict.fromkeys(Section, 0)
    items = []
    for entry in _RUBRIC:
        numbers[entry.section] += 1
        items.append(_score(entry, numbers[entry.section], facts))
    return MlTestScore(items=tuple(items))


def _score(entry: _Entry, number: int, facts: RunFacts) -> Item:
    points: float = 0
    evidence: tuple[Evidence, ...] = ()
    for worth, wanted in ((1.0, entry.automated), (0.5, entry.documented)):
        found = tuple(one for look in wanted for one in [look(facts)] if one is not None)
        if wanted and len(found) == len(wanted):
            points, evidence = worth, found
            break
    return Item(
        section=entry.section,
        number=number,
        title=entry.title,
        points=points,
        evidence=evidence,
        lacks="" if points == 1 else entry.lacks,
    )


def find_in_repository(path: str, text: str, words: str) -> Finding:
    """Look a text up in a file of the repository.

    Args:
        path: The file, below the repository's root.
        text: What must stand in it.
        words: What that shows.

    Returns:
        The evidence; None where the file is not there or does not hold the text.
    """
    file = CODE_ROOT / path
    if not file.is_file() or text not in file.read_text(encoding="utf-8"):
        return None
    return Evidence(source="repository", text=words, path=path)


def _in_repository(path: str, text: str, words: str) -> Callable[[RunFacts], Finding]:
    return lambda facts: find_in_repository(path, text, words)


def _tested(path: str, *functions: str) -> Callable[[RunFacts], Finding]:
    """Look for tests that ``make test`` runs."""

    def look(facts: RunFacts) -> Finding:
        found = [
            find_in_repository(f"tests/{path}", f"def {function}(", function)
            for function in functions
        ]
        if not all(found):
            return None
        names = ", ".join(
            function.removeprefix("test_").replace("_", " ") for function in functions
        )
        return Evidence(source="repository", text=f"tested: {names}", path=f"tests/{path}")

    return look


def _ran(node_id: str, words: str) -> Callable[[RunFacts], Finding]:
    """Look for a node that came to an answer in this run, its own or a cached one."""

    def look(facts: RunFacts) -> Finding:
        node = next((node for node in facts.nodes if node.id == node_id), None)
        if node is None or node.row.state not in _RAN:
            return None
        return Evidence(source="run", text=f"{node_id} {node.row.state.value}: {words}")

    return look


def _gates(
    words: str, is_meant: Callable[[GateRow], bool], *, needs_pass: bool = True
) -> Callable[[RunFacts], Finding]:
    """Look for gates that this run judged; one that refuses is no evidence, but its contrary.

    Args:
        words: What they were about.
        is_meant: Which gates.
        needs_pass: Whether one must have passed; otherwise inconclusive is enough.

    Returns:
        What looks for them.
    """

    def look(facts: RunFacts) -> Finding:
        meant = [gate for gate in facts.summary.gates if is_meant(gate)]
        judged = [gate for gate in meant if gate.outcome in _JUDGED]
        passed = [gate for gate in judged if gate.outcome is Outcome.PASSED]
        refused = any(gate.is_refusal for gate in meant)
        if refused or not (passed if needs_pass else judged):
            return None
        names = ", ".join(dict.fromkeys(gate.name for gate in judged))
        return Evidence(
            source="run", text=f"{words}: {len(passed)} of {len(judged)} judged passed ({names})"
        )

    return look


def _validated(facts: RunFacts) -> Finding:
    """Look for the gates' answer, be it yes or no: a refusal shows that they hold a model back."""
    counts = collections.Counter(gate.outcome for gate in facts.summary.gates)
    if not counts[Outcome.PASSED] + counts[Outcome.FAILED]:
        return None
    pushed = "pushed" if facts.summary.pushed_version else "not pushed"
    return Evidence(
        source="run",
        text=f"{counts[Outcome.PASSED]} gates passed, {counts[Outcome.FAILED]} failed, and the "
        f"model was {pushed}",
    )


def _data_verdict(facts: RunFacts) -> Finding:
    verdict = facts.summary.data
    if verdict is None:
        return None
    return Evidence(source="run", text=f"DataGate's verdict: {verdict.summary}")


def _columns_in_schema(facts: RunFacts) -> Finding:
    columns = facts.data.features if facts.data else ()
    inputs = [column.name for column in columns if column.role == Role.INPUT.value]
    task = next((node.parameters["task"] for node in facts.nodes if "task" in node.parameters), "")
    found = [
        find_in_repository(f"schemas/{task}/schema.pbtxt", f'name: "{name}"', name)
        for name in inputs
    ]
    if not found or not all(found):
        return None
    return Evidence(
        source="repository",
        text=f"all {len(inputs)} inputs are in the curated schema",
        path=f"schemas/{task}/schema.pbtxt",
    )


def _hashed(facts: RunFacts) -> Finding:
    code = facts.header.code_hash
    if not code:
        return None
    return Evidence(source="run", text=f"the run holds the hash of its code, {code[:12]}")


def _finite(facts: RunFacts) -> Finding:
    """Look for numbers that are all finite: of the training, and of the metrics on all rows."""
    model = facts.model
    if model is None or model.training is None or not facts.summary.metrics:
        return None
    losses = [epoch.loss for epoch in model.training.epochs]
    values = [metric.value for metric in facts.summary.metrics]
    if not all(map(math.isfinite, losses)) or None in values:
        return None
    return Evidence(
        source="run",
        text=f"all {len(losses)} epochs and {len(values)} metrics are finite numbers",
    )


def _is_slice_gate(gate: GateRow) -> bool:
    return gate.kind in ("value", "change") and "=" in gate.slice


def _is_of_kind(kind: str, gate: GateRow) -> bool:
    return gate.kind == kind


def _is_of_metric(metrics: Iterable[str], gate: GateRow) -> bool:
    return gate.metric in metrics


def _is_linear(gate: GateRow) -> bool:
    return gate.compared_with == "logistic_regression"


def _is_change(gate: GateRow) -> bool:
    return gate.kind == "change" and gate.compared_with == "champion"


_RUBRIC = (
    _Entry(
        Section.DATA,
        "What is expected of every feature is written down in a schema, and data is held to it.",
        "The run did not get as far as holding its data against the schema.",
        automated=(
            _columns_in_schema,
            _ran("ExampleValidator", "statistics held against the curated schema"),
            _data_verdict,
        ),
    ),
    _Entry(
        Section.DATA,
        "Every feature is shown to help.",
        "No run measures the model without each of its features.",
    ),
    _Entry(
        Section.DATA,
        "No feature costs more than it brings: in latency, in memory, in upstream dependencies.",
        "What a single feature costs is not measured.",
    ),
    _Entry(
        Section.DATA,
        "Features obey rules about what may be used at all.",
        "The tests that keep label sources and unlisted columns out of the model are gone.",
        automated=(
            _tested("schemas/test_feature_table.py", "test_only_an_input_has_transformations"),
            _tested(
                "schemas/chicago_taxi/test_schema.py",
                "test_what_the_label_is_made_of_is_absent_at_serving",
            ),
        ),
    ),
    _Entry(
        Section.DATA,
        "The data pipeline controls who may see what is private.",
        "Who may read the rows, and for how long they are kept, is left to the file system.",
    ),
    _Entry(
        Section.DATA,
        "A new feature can be added quickly.",
        "How long a new feature takes is not measured.",
        documented=(
            _in_repository(
                "CONTRIBUTING.md", "features.py", "a column is one entry of the feature table"
            ),
            _in_repository("docs/another-task.md", "features.py", "a new task step by step"),
        ),
    ),
    _Entry(
        Section.DATA,
        "The code that makes features is tested.",
        "The tests of the transformations are gone.",
        automated=(
            _tested(
                "components/transform/test_preprocessing.py",
                "test_scales_by_the_analyzed_rows",
                "test_sends_unseen_and_rare_categories_to_the_last_index",
                "test_cuts_amounts_into_steps_of_whole_cents",
            ),
        ),
    ),
    _Entry(
        Section.MODEL,
        "Every model's specification is reviewed and kept under version control.",
        "Nothing forces a review before a model's code is run.",
        documented=(
            _hashed,
            _in_repository("CONTRIBUTING.md", "make test", "how a change is made and checked"),
        ),
    ),
    _Entry(
        Section.MODEL,
        "Offline metrics are shown to go with what matters online.",
        "Nothing is measured online.",
    ),
    _Entry(
        Section.MODEL,
        "Hyperparameters are tuned.",
        "No search over the settings is run or recorded.",
    ),
    _Entry(
        Section.MODEL,
        "How much a model loses by growing old is known.",
        "Training on the past and testing on what follows has not been measured.",
    ),
    _Entry(
        Section.MODEL,
        "A simpler model is shown not to be better.",
        "No gate compared the model with a logistic regression, or the simpler model was better.",
        automated=(
            _gates("against a logistic regression", _is_linear, needs_pass=False),
            _tested(
                "components/model_validator/test_judgement.py",
                "test_trivial_models_must_be_beaten",
            ),
        ),
    ),
    _Entry(
        Section.MODEL,
        "Quality is good enough on every important slice.",
        "No gate judged a slice of this run's model, or one refused it.",
        automated=(_gates("on slices", _is_slice_gate),),
    ),
    _Entry(
        Section.MODEL,
        "The model is tested for how it treats groups of people.",
        "No gate judged the gaps between groups, or one refused the model.",
        automated=(_gates("between groups", functools.partial(_is_of_kind, "fairness")),),
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "Training is reproducible.",
        "The test that the same seed gives the same model is gone.",
        automated=(
            _tested(
                "components/trainer/test_training.py", "test_gives_the_same_model_for_the_same_seed"
            ),
        ),
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "The code that specifies models is unit-tested.",
        "The unit tests of the model are gone.",
        automated=(
            _tested(
                "components/trainer/test_model.py",
                "test_gives_one_probability_a_row",
                "test_embeds_each_index_in_the_configured_width",
            ),
            _tested("components/trainer/test_training.py", "test_learns_what_is_there_to_learn"),
        ),
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "The whole pipeline is tested from raw data to serving.",
        "The test of a whole run is gone.",
        automated=(_tested("e2e/test_pipeline_run.py", "test_pushes_a_blessed_model"),),
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "A model's quality is validated before it serves.",
        "The run did not get as far as judging a model.",
        automated=(
            _validated,
            _tested("e2e/test_reruns.py", "test_refuses_a_model_that_misses_a_gate"),
        ),
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "A model can be debugged by following one example through it, step by step.",
        "There is no tool that follows one example through the model.",
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "A model is tried out on a little of the real traffic before it serves all of it.",
        "The model is loaded as a server loads it and replays the test split, but sees no traffic.",
        documented=(
            _gates(
                "served in a process of its own",
                functools.partial(_is_of_metric, ("prediction_difference",)),
            ),
        ),
    ),
    _Entry(
        Section.INFRASTRUCTURE,
        "A serving model can be rolled back, quickly and safely.",
        "The test of a rollback is gone.",
        automated=(
            _tested("e2e/test_champion_cycle.py", "test_rolls_back_and_compares_with_what_serves"),
        ),
    ),
    _Entry(
        Section.MONITORING,
        "A change in what the pipeline depends on is noticed.",
        "Packages are locked, but nobody is told when an upstream source of the data changes.",
        documented=(
            _in_repository(
                "requirements/lock.txt", "tfx==", "every package is locked to a version"
            ),
        ),
    ),
    _Entry(
        Section.MONITORING,
        "What must always hold of the inputs is checked on every delivery.",
        "The run did not get as far as checking its data.",
        automated=(
            _data_verdict,
            _tested("e2e/test_bad_input.py", "test_refuses_bad_data_in_one_screen"),
        ),
    ),
    _Entry(
        Section.MONITORING,
        "Training and serving compute the same features and answers.",
        "No gate compared the served answers with the evaluated ones, or it refused the model.",
        automated=(
            _gates(
                "served against evaluated answers",
                functools.partial(_is_of_metric, ("prediction_difference",)),
            ),
            _tested(
                "components/trainer/test_serving.py",
                "test_serialized_and_raw_rows_get_the_same_answer",
            ),
        ),
    ),
    _Entry(
        Section.MONITORING,
        "A serving model that has grown too old is noticed.",
        "The age of what serves is not watched.",
    ),
    _Entry(
        Section.MONITORING,
        "Numbers stay numbers: no NaN, no infinity, in training and in serving.",
        "The run did not get as far as finite metrics on all rows.",
        automated=(
            _finite,
            _tested(
                "components/model_validator/test_judgement.py",
                "test_a_floor_holds_to_the_limit_and_fails_closed",
            ),
        ),
    ),
    _Entry(
        Section.MONITORING,
        "Training and serving have not become slower or larger.",
        "Latency, load time and size are held against limits; the time of a training is not.",
        documented=(
            _gates(
                "serving cost",
                functools.partial(
                    _is_of_metric, ("latency_p50_ms", "latency_p99_ms", "load_seconds", "size_mb")
                ),
            ),
        ),
    ),
    _Entry(
        Section.MONITORING,
        "The quality of served predictions has not fallen.",
        "Rows of each delivery are held against the champion; served answers are not scored.",
        documented=(_gates("against the champion on this data", _is_change, needs_pass=False),),
    ),
)
