"""The champion's history, and changes to it without a push; ml-metadata alone, no TFX."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import getpass
import socket
from collections.abc import Iterator
from pathlib import Path

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.champion.choice import Action, Change, Push, find_latest
from components.champion.properties import (
    ACTION_PROPERTY,
    CHAMPION_CHANGE_TYPE,
    DESTINATION_PROPERTY,
    MODEL_ID_PROPERTY,
    REASON_PROPERTY,
    VERSION_PROPERTY,
    WHEN_PROPERTY,
    WHO_PROPERTY,
)
from components.champion.recovery import AGREED, compare_with_serving
from components.frozen_model import FrozenModel
from components.pusher.version_store import is_copy, list_versions, push_version
from pipelines.config.layout import OutputLayout
from pipelines.launcher.stale_executions import is_at_work
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.errors import OperationError
from pipelines.records.nodes import NodeId

_PIPELINE_CONTEXT = "pipeline"
_MODEL_TYPE = "Model"
_SERVING_FOLDER = "Format-Serving"
"""Where TFX keeps the SavedModel in a ``Model`` artifact."""
_OUTPUT_KEY = "champion_change"
_FROM_VERSION_PROPERTY = "from_version"


class ChampionError(OperationError):
    """The champion can't be changed as asked; one line says why."""


class ChampionChangeRecord(FrozenModel):
    """One change without a push: a person's, or a command's that found another version to serve.

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


class ChampionState(FrozenModel):
    """Which model is the champion, and how it came to be.

    Attributes:
        model_id: Id of its ``Model`` artifact; None where there is no champion.
        model_uri: Folder of that artifact.
        version: Version that holds it under ``serving/``; None where there is none.
        serving_versions: Versions that are there, lowest first.
        changes: Changes without a push, oldest first.
    """

    model_id: int | None
    model_uri: str | None
    version: int | None
    serving_versions: tuple[int, ...]
    changes: tuple[ChampionChangeRecord, ...]


@dataclasses.dataclass(frozen=True)
class Recovered:
    """What was done so that the store says what serves.

    Attributes:
        change: What was recorded; None where the two agreed.
        unknown: Versions in place that hold no model of the pipeline, and that are newer than all
            that do.
    """

    change: ChampionChangeRecord | None = None
    unknown: tuple[int, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What a command says of it, one line each."""
        said = [
            f"serving/{version} holds no model of this pipeline, and is not taken as champion; "
            "remove it, or push a model"
            for version in self.unknown
        ]
        if self.change is not None:
            version = self.change.version
            now = "there is no champion" if version is None else f"champion: version {version}"
            said.append(f"champion recovered: {self.change.reason}; {now}")
        return tuple(said)


class ChampionStore:
    """The champion of one pipeline in an open metadata store."""

    def __init__(
        self, store: ml_metadata.MetadataStore, pipeline_name: str, layout: OutputLayout
    ) -> None:
        """Wrap an open store.

        Args:
            store: The store; the caller holds its lock.
        """
        self._store = store
        self._pipeline_name = pipeline_name
        self._layout = layout

    def show(self) -> ChampionState:
        """Tell which model is the champion, and how it came to be."""
        changes = self._list_changes()
        latest = find_latest(map(_read_push, self._list_pushed()), map(_read_change, changes))
        model_id = latest.model_id if latest else None
        return ChampionState(
            model_id=model_id,
            model_uri=self._find_uri(model_id),
            version=latest.version if latest else None,
            serving_versions=tuple(list_versions(self._layout.serving_root)),
            changes=tuple(_read_record(artifact) for artifact in changes),
        )

    def recover(self) -> Recovered:
        """Record what serves, where that is not what was recorded.

        Nothing is recorded while a Pusher is at work: what it has put in place it will record.
        """
        served = compare_with_serving(
            list_versions(self._layout.serving_root),
            [_read_push(artifact) for artifact in self._list_pushed() if self._is_here(artifact)],
            [_read_change(change) for change in self._list_changes() if self._is_here(change)],
            self._match_model,
        )
        runs = RunStore(self._store, self._pipeline_name)
        if served == AGREED or is_at_work(runs, self._layout, NodeId.PUSHER):
            return Recovered()
        change = None
        if found := served.recovery:
            change = self._record(
                Action.RECOVERED, found.reason, found.model_id or 0, found.version, None
            )
        return Recovered(change, served.unknown)

    def reset(self, reason: str) -> ChampionChangeRecord:
        """Let the next model be judged by absolute gates alone; what serves stays.

        Raises:
            ChampionError: If there is no champion.
        """
        if self.show().model_id is None:
            raise ChampionError("there is no champion to reset")
        return self._record(Action.RESET, reason, model_id=0, version=None, from_version=None)

    def roll_back(self, reason: str, to_version: int | None = None) -> ChampionChangeRecord:
        """Make an earlier version the champion, and serve it as the newest version.

        Args:
            to_version: The version; None for the one before the champion's.

        Raises:
            ChampionError: If there is no such version to go back to.
        """
        version = self._choose_version(to_version)
        model_id = self.find_model(version)
        pushed = push_version(self._layout.serving_root / str(version), self._layout.serving_root)
        return self._record(Action.ROLLBACK, reason, model_id, pushed.version, version)

    def find_model(self, version: int) -> int:
        """Find the model that a version holds.

        Returns:
            Id of its ``Model`` artifact.

        Raises:
            ChampionError: If the store knows of none, or the version's folder is gone.
        """
        if version not in list_versions(self._layout.serving_root):
            raise ChampionError(f"version {version}: not in {self._layout.serving_root}")
        model_id = self._find_model_or_none(version)
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
        # Before the champion's first version: one that came from a rollback is not a step forward.
        first = min(self._list_versions_of(state.model_id), default=None)
        older = [
            version
            for version in there
            if (first is None or version < first) and self._find_model_or_none(version) is not None
        ]
        if not older:
            raise ChampionError(f"no earlier version to roll back to; there are: {listed}")
        return older[-1]

    def _list_versions_of(self, model_id: int | None) -> list[int]:
        return [
            version
            for artifact in (*self._list_pushed(), *self._list_changes())
            for version in [_read_version(artifact)]
            if model_id is not None and version and _read_model_id(artifact) == model_id
        ]

    def _find_model_or_none(self, version: int) -> int | None:
        for artifact in (*self._list_pushed(), *self._list_changes()):
            if _read_version(artifact) == version:
                return _read_model_id(artifact)
        return None

    def _match_model(self, version: int) -> int | None:
        """Find the newest model that a version holds, by its content."""
        directory = self._layout.serving_root / str(version)
        for artifact in reversed(self._list_artifacts(_MODEL_TYPE)):
            is_live = artifact.state == mlmd.Artifact.LIVE
            if is_live and is_copy(directory, Path(artifact.uri) / _SERVING_FOLDER):
                return int(artifact.id)
        return None

    def _is_here(self, artifact: mlmd.Artifact) -> bool:
        """Tell whether a push or change was made in this output root: a database can have more."""
        destination = artifact.custom_properties[DESTINATION_PROPERTY].string_value
        return (
            self._layout.database is None
            or not destination
            or Path(destination).parent == self._layout.serving_root
        )

    def _find_uri(self, model_id: int | None) -> str | None:
        found = self._store.get_artifacts_by_id([model_id]) if model_id else []
        return str(found[0].uri) if found else None

    def _list_pushed(self) -> list[mlmd.Artifact]:
        return [
            artifact
            for artifact in self._list_artifacts("PushedModel")
            if artifact.custom_properties["pushed"].int_value == 1 and _read_model_id(artifact)
        ]

    def _list_changes(self) -> list[mlmd.Artifact]:
        return self._list_artifacts(CHAMPION_CHANGE_TYPE)

    def _list_artifacts(self, kind: str) -> list[mlmd.Artifact]:
        """List the pipeline's artifacts of a type, in order: others may share its store."""
        pipeline = self._store.get_context_by_type_and_name(_PIPELINE_CONTEXT, self._pipeline_name)
        if pipeline is None:
            return []
        # By number: ml-metadata puts a filter's text into SQL as it is.
        query = f"type = '{kind}' AND contexts_pipeline.id = {pipeline.id}"
        found = self._store.get_artifacts(ml_metadata.ListOptions(filter_query=query))
        return sorted(found, key=lambda artifact: artifact.id)

    def _record(
        self,
        action: Action,
        reason: str,
        model_id: int,
        version: int | None,
        from_version: int | None,
    ) -> ChampionChangeRecord:
        record = ChampionChangeRecord(
            action=action,
            version=version,
            from_version=from_version,
            reason=reason,
            who=f"{getpass.getuser()}@{socket.gethostname()}",
            when=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        )
        self._store.put_execution(
            self._create_execution(),
            [(self._create_artifact(record, model_id), _create_event())],
            [self._store.get_context_by_type_and_name(_PIPELINE_CONTEXT, self._pipeline_name)],
            reuse_context_if_already_exist=True,
        )
        return record

    def _create_execution(self) -> mlmd.Execution:
        kind = self._store.put_execution_type(mlmd.ExecutionType(name=CHAMPION_CHANGE_TYPE))
        return mlmd.Execution(type_id=kind, last_known_state=mlmd.Execution.COMPLETE)

    def _create_artifact(self, record: ChampionChangeRecord, model_id: int) -> mlmd.Artifact:
        kind = self._store.put_artifact_type(mlmd.ArtifactType(name=CHAMPION_CHANGE_TYPE))
        artifact = mlmd.Artifact(type_id=kind, state=mlmd.Artifact.LIVE)
        texts = {
            ACTION_PROPERTY: record.action.value,
            REASON_PROPERTY: record.reason,
            WHO_PROPERTY: record.who,
            WHEN_PROPERTY: record.when,
        }
        if record.version is not None:
            texts[DESTINATION_PROPERTY] = str(self._layout.serving_root / str(record.version))
        for name, text in texts.items():
            artifact.custom_properties[name].string_value = text
        numbers = {
            MODEL_ID_PROPERTY: model_id,
            VERSION_PROPERTY: record.version or 0,
            _FROM_VERSION_PROPERTY: record.from_version or 0,
        }
        for name, number in numbers.items():
            artifact.custom_properties[name].int_value = number
        return artifact


def _create_event() -> mlmd.Event:
    event = mlmd.Event(type=mlmd.Event.OUTPUT)
    step = event.path.steps.add()
    step.key = _OUTPUT_KEY
    event.path.steps.add().index = 0
    return event


def _read_model_id(artifact: mlmd.Artifact) -> int:
    return int(artifact.custom_properties[MODEL_ID_PROPERTY].int_value)


def _read_version(artifact: mlmd.Artifact) -> int | None:
    """Read the version of a pushed model (text, as TFX has it) or of a change (a number)."""
    text = artifact.custom_properties["pushed_version"].string_value
    return (
        int(text) if text else int(artifact.custom_properties[VERSION_PROPERTY].int_value) or None
    )


def _read_push(artifact: mlmd.Artifact) -> Push:
    return Push(artifact.id, _read_model_id(artifact), _read_version(artifact))


def _read_action(artifact: mlmd.Artifact) -> Action:
    text = artifact.custom_properties[ACTION_PROPERTY].string_value
    try:
        return Action(text)
    except ValueError as error:
        raise ChampionError(
            f"champion change {artifact.id}: got {text!r}, expected one of {', '.join(Action)}; "
            "use the version of this product that recorded it"
        ) from error


def _read_change(artifact: mlmd.Artifact) -> Change:
    return Change(
        artifact.id,
        _read_action(artifact),
        _read_model_id(artifact) or None,
        _read_version(artifact),
    )


def _read_record(artifact: mlmd.Artifact) -> ChampionChangeRecord:
    properties = artifact.custom_properties
    return ChampionChangeRecord(
        action=_read_action(artifact),
        version=properties[VERSION_PROPERTY].int_value or None,
        from_version=properties[_FROM_VERSION_PROPERTY].int_value or None,
        reason=properties[REASON_PROPERTY].string_value,
        who=properties[WHO_PROPERTY].string_value,
        when=properties[WHEN_PROPERTY].string_value,
    )


@contextlib.contextmanager
def open_champion(layout: OutputLayout, pipeline_name: str) -> Iterator[ChampionStore]:
    """Open the champion of a pipeline that has run.

    Raises:
        UsageError: If nothing has run there yet.
        StoreUnavailableError: If the metadata store is a database, and can't be reached.
    """
    with open_run_store(layout.metadata_store, pipeline_name) as runs:
        yield ChampionStore(runs.store, pipeline_name, layout)


def recover_champion(layout: OutputLayout, pipeline_name: str) -> tuple[str, ...]:
    """Make the store say what serves, as ``ChampionStore.recover``.

    Returns:
        What is to be said of it, one line each; nothing where nothing has run yet.

    Raises:
        StoreUnavailableError: If the metadata store is a database, and can't be reached.
    """
    if not layout.has_metadata_store:
        return ()
    with open_champion(layout, pipeline_name) as champion:
        return champion.recover().lines


def find_champion_version(layout: OutputLayout, pipeline_name: str) -> int | None:
    """Tell which version is the champion.

    Returns:
        The version; None where there is no champion, or nothing has run yet.
    """
    if not layout.has_metadata_store:
        return None
    with open_champion(layout, pipeline_name) as champion:
        return champion.show().version
