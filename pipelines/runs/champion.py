"""The champion's history, and changes to it without a push; ml-metadata alone, no TFX."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import getpass
import socket
from collections.abc import Iterator
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.champion.choice import (
    CHAMPION_CHANGE_TYPE,
    Action,
    Change,
    Push,
    find_latest,
    read_change,
    read_push,
)
from components.champion.recovery import AGREED, compare_with_serving
from components.errors import OperationError
from components.pusher.pushed_model import (
    DESTINATION_PROPERTY,
    MODEL_ID_PROPERTY,
    PUSHED_MODEL_TYPE,
)
from components.pusher.version_store import is_copy, list_versions, push_version
from components.record import Record
from pipelines.config.layout import OutputLayout
from pipelines.launcher.stale_executions import is_node_running
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.errors import UsageError
from pipelines.records.nodes import NodeId

# Where TFX keeps the SavedModel in a `Model` artifact.
_SERVING_FOLDER = "Format-Serving"


class ChampionError(OperationError):
    """The champion can't be changed as asked; one line explains why."""


class ChampionChangeRecord(Record):
    """One change without a push: a person's, or a command's that found another version to serve.

    The store keeps each field as a custom property of its name; 0 stands for None.

    Attributes:
        version: Version that serves since; None for a reset, and where none was in place.
        from_version: Version that a rollback went back to.
        reason: Why, in the person's or the command's words.
        who: User and machine.
        when: Time, ISO 8601 in UTC.
    """

    action: Action
    version: int | None
    from_version: int | None
    reason: str
    who: str
    when: str


class ChampionState(Record):
    """Which model is the champion, and how it came to be.

    Attributes:
        model_id: Id of its ``Model`` artifact; None where there is no champion.
        version: Version that holds it under ``serving/``; None where there is none.
        serving_versions: Versions that are in place, lowest first.
        changes: Changes without a push, oldest first.
    """

    model_id: int | None
    model_uri: str | None
    version: int | None
    serving_versions: tuple[int, ...]
    changes: tuple[ChampionChangeRecord, ...]


@dataclasses.dataclass(frozen=True)
class Recovered:
    """What was done so that the store agrees with what serves.

    Attributes:
        change: What was recorded; None where the two agreed.
        unknown: Versions in place that hold no model of the pipeline, and that are newer than all
            that do.
    """

    change: ChampionChangeRecord | None = None
    unknown: tuple[int, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What a command prints of it, one line each."""
        lines = [
            f"serving/{version} holds no model of this pipeline, and is not taken as champion; "
            "remove it, or push a model"
            for version in self.unknown
        ]
        if self.change is not None:
            version = self.change.version
            now = "there is no champion" if version is None else f"champion: version {version}"
            lines.append(f"champion recovered: {self.change.reason}; {now}")
        return tuple(lines)


class ChampionStore:
    """The champion of one pipeline in an open metadata store, whose lock the caller holds."""

    def __init__(self, runs: RunStore, layout: OutputLayout) -> None:
        self._runs = runs
        self._layout = layout

    def show(self) -> ChampionState:
        """Show which model is the champion, and how it came to be."""
        changes = self._list_changes()
        latest = find_latest(self._list_pushes(), map(read_change, changes))
        model_id = latest and latest.model_id
        models = self._runs.store.get_artifacts_by_id([model_id]) if model_id else []
        return ChampionState(
            model_id=model_id,
            model_uri=models[0].uri if models else None,
            version=latest and latest.version,
            serving_versions=tuple(list_versions(self._layout.serving_root)),
            changes=tuple(map(_read_record, changes)),
        )

    def recover(self) -> Recovered:
        """Record what serves, where that is not what was recorded.

        Nothing is recorded while a Pusher is running: it will record what it has put in place.
        """
        served = compare_with_serving(
            list_versions(self._layout.serving_root),
            self._list_pushes(only_here=True),
            [read_change(change) for change in self._list_changes() if self._is_here(change)],
            self._match_model,
        )
        if served == AGREED or is_node_running(self._runs, self._layout, NodeId.PUSHER):
            return Recovered()
        change = None
        if found := served.recovery:
            change = self._record(Action.RECOVERED, found.reason, found.model_id, found.version)
        return Recovered(change, served.unknown)

    def reset(self, reason: str) -> ChampionChangeRecord:
        """Let the next model be judged by absolute gates alone; what serves stays.

        Raises:
            UsageError: If the reason is empty.
            ChampionError: If there is no champion.
        """
        _check_reason(reason)
        if self.show().model_id is None:
            raise ChampionError("there is no champion to reset")
        return self._record(Action.RESET, reason)

    def roll_back(self, reason: str, to_version: int | None = None) -> ChampionChangeRecord:
        """Serve an earlier version, or the one before the champion's, as the newest version.

        Raises:
            UsageError: If the reason is empty.
            ChampionError: If there is no such version to go back to.
        """
        _check_reason(reason)
        version = self._choose_version(to_version)
        model_id = self.find_model(version)
        pushed = push_version(self._layout.serving_root / str(version), self._layout.serving_root)
        return self._record(Action.ROLLBACK, reason, model_id, pushed.version, version)

    def find_model(self, version: int) -> int:
        """Find the id of the ``Model`` artifact that a version holds.

        Raises:
            ChampionError: If the store knows of none, or the version's folder is gone.
        """
        if version not in list_versions(self._layout.serving_root):
            raise ChampionError(f"version {version}: not in {self._layout.serving_root}")
        model_id = self._map_models().get(version)
        if model_id is None:
            raise ChampionError(f"version {version}: the metadata store does not know its model")
        return model_id

    def _choose_version(self, asked: int | None) -> int:
        state = self.show()
        there = state.serving_versions
        listed = ", ".join(map(str, there)) or "none"
        if asked is not None:
            if asked not in there:
                raise ChampionError(f"--to: got {asked}, expected one of the versions: {listed}")
            return asked
        models = self._map_models()
        # Before the champion's first version: one that came from a rollback is not a step forward.
        first = min((one for one in models if models[one] == state.model_id), default=None)
        older = [one for one in there if one in models and (first is None or one < first)]
        if not older:
            raise ChampionError(f"no earlier version to roll back to; there are: {listed}")
        return older[-1]

    def _map_models(self) -> dict[int, int]:
        """Map every version that was recorded to the id of its model; its first record counts."""
        changes = map(read_change, self._list_changes())
        recorded: list[Push | Change] = [*self._list_pushes(), *changes]
        return {
            one.version: one.model_id for one in reversed(recorded) if one.version and one.model_id
        }

    def _match_model(self, version: int) -> int | None:
        """Find the newest model that a version holds, by its content."""
        directory = self._layout.serving_root / str(version)
        for artifact in reversed(self._runs.list_artifacts("Model")):
            is_live = artifact.state == mlmd.Artifact.LIVE
            if is_live and is_copy(directory, Path(artifact.uri) / _SERVING_FOLDER):
                return int(artifact.id)
        return None

    def _list_pushes(self, only_here: bool = False) -> list[Push]:
        """List what was pushed, in order; with ``only_here`` into this output root alone."""
        artifacts = self._runs.list_artifacts(PUSHED_MODEL_TYPE)
        here = [one for one in artifacts if not only_here or self._is_here(one)]
        return list(filter(None, map(read_push, here)))

    def _list_changes(self) -> list[mlmd.Artifact]:
        return self._runs.list_artifacts(CHAMPION_CHANGE_TYPE)

    def _is_here(self, artifact: mlmd.Artifact) -> bool:
        """Tell whether a push or change was made in this output root: a database can have more."""
        destination = artifact.custom_properties[DESTINATION_PROPERTY].string_value
        return (
            self._layout.database is None
            or not destination
            or Path(destination).parent == self._layout.serving_root
        )

    def _record(
        self,
        action: Action,
        reason: str,
        model_id: int | None = None,
        version: int | None = None,
        from_version: int | None = None,
    ) -> ChampionChangeRecord:
        record = ChampionChangeRecord(
            action=action,
            version=version,
            from_version=from_version,
            reason=reason,
            who=f"{getpass.getuser()}@{socket.gethostname()}",
            when=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        )
        kind = self._runs.store.put_execution_type(mlmd.ExecutionType(name=CHAMPION_CHANGE_TYPE))
        execution = mlmd.Execution(type_id=kind, last_known_state=mlmd.Execution.COMPLETE)
        self._runs.put_output(
            execution, "champion_change", self._create_artifact(record, model_id or 0)
        )
        return record

    def _create_artifact(self, record: ChampionChangeRecord, model_id: int) -> mlmd.Artifact:
        kind = self._runs.store.put_artifact_type(mlmd.ArtifactType(name=CHAMPION_CHANGE_TYPE))
        artifact = mlmd.Artifact(type_id=kind, state=mlmd.Artifact.LIVE)
        values = {**record.model_dump(mode="json"), MODEL_ID_PROPERTY: model_id}
        if record.version is not None:
            values[DESTINATION_PROPERTY] = str(self._layout.serving_root / str(record.version))
        for name, value in values.items():
            if isinstance(value, str):
                artifact.custom_properties[name].string_value = value
            else:
                artifact.custom_properties[name].int_value = value or 0
        return artifact


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError(f"--reason: got {reason!r}, expected a few words that explain the change")


def _read_record(artifact: mlmd.Artifact) -> ChampionChangeRecord:
    properties, change = artifact.custom_properties, read_change(artifact)
    return ChampionChangeRecord(
        action=change.action,
        version=change.version,
        from_version=properties["from_version"].int_value or None,
        **{name: properties[name].string_value for name in ("reason", "who", "when")},
    )


@contextlib.contextmanager
def open_champion(layout: OutputLayout, pipeline_name: str) -> Iterator[ChampionStore]:
    """Open the champion of a pipeline that has run.

    Raises:
        UsageError: If nothing has run there yet.
        StoreUnavailableError: If the metadata store is a database, and can't be reached.
    """
    with open_run_store(layout.metadata_store, pipeline_name) as runs:
        yield ChampionStore(runs, layout)


def recover_champion(
    layout: OutputLayout, pipeline_name: str
) -> tuple[tuple[str, ...], int | None]:
    """Make the store agree with what serves, as ``ChampionStore.recover``.

    Returns:
        What to print of it, one line each, and the champion's version; no lines and None where
        nothing has run yet.

    Raises:
        StoreUnavailableError: If the metadata store is a database, and can't be reached.
    """
    if not layout.has_metadata_store:
        return (), None
    with open_champion(layout, pipeline_name) as champion:
        return champion.recover().lines, champion.show().version
