"""The champion's history, and changes to it that a person makes; ml-metadata alone, no TFX."""

from __future__ import annotations

import contextlib
import datetime
import getpass
import socket
from collections.abc import Iterator

import ml_metadata
import pydantic
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.champion.choice import Action, Change, Push, choose_champion
from components.champion.properties import (
    ACTION_PROPERTY,
    CHAMPION_CHANGE_TYPE,
    MODEL_ID_PROPERTY,
    REASON_PROPERTY,
    VERSION_PROPERTY,
    WHEN_PROPERTY,
    WHO_PROPERTY,
)
from components.pusher.version_store import list_versions, push_version
from pipelines.errors import OperationError
from pipelines.layout import OutputLayout
from pipelines.metadata_store import open_run_store

_PIPELINE_CONTEXT = "pipeline"
_OUTPUT_KEY = "champion_change"
_FROM_VERSION_PROPERTY = "from_version"


class ChampionError(OperationError):
    """The champion can't be changed as asked; one line says why."""


class ChampionChangeRecord(pydantic.BaseModel):
    """One change that a person made.

    Attributes:
        action: What was done.
        version: Version that serves since; None for a reset.
        from_version: Version that a rollback went back to.
        reason: Why, in the person's words.
        who: User and machine.
        when: Time, ISO 8601 in UTC.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    action: Action
    version: int | None
    from_version: int | None
    reason: str
    who: str
    when: str


class ChampionState(pydantic.BaseModel):
    """Which model is the champion, and how it came to be.

    Attributes:
        model_id: Id of its ``Model`` artifact; None where there is no champion.
        model_uri: Folder of that artifact.
        version: Newest version that holds it under ``serving/``; None where there is none.
        serving_versions: Versions that are there, lowest first.
        changes: What people did, oldest first.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    model_id: int | None
    model_uri: str | None
    version: int | None
    serving_versions: tuple[int, ...]
    changes: tuple[ChampionChangeRecord, ...]


class ChampionStore:
    """The champion of one pipeline in an open metadata store."""

    def __init__(
        self, store: ml_metadata.MetadataStore, pipeline_name: str, layout: OutputLayout
    ) -> None:
        """Wrap an open store.

        Args:
            store: The store; the caller holds its lock.
            pipeline_name: Name of the pipeline.
            layout: Where its runs keep things.
        """
        self._store = store
        self._pipeline_name = pipeline_name
        self._layout = layout

    def show(self) -> ChampionState:
        """Tell which model is the champion, and how it came to be."""
        pushed, changes = self._list_pushed(), self._list_changes()
        model_id = choose_champion(
            [Push(artifact.id, _read_model_id(artifact)) for artifact in pushed],
            [_read_choice(artifact) for artifact in changes],
        )
        return ChampionState(
            model_id=model_id,
            model_uri=self._find_uri(model_id),
            version=max(self._list_versions_of(model_id), default=None),
            serving_versions=tuple(list_versions(self._layout.serving_root)),
            changes=tuple(_read_record(artifact) for artifact in changes),
        )

    def reset(self, reason: str) -> ChampionChangeRecord:
        """Let the next model be judged by absolute gates alone; what serves stays.

        Args:
            reason: Why.

        Returns:
            The change as it was recorded.

        Raises:
            ChampionError: If there is no champion.
        """
        if self.show().model_id is None:
            raise ChampionError("there is no champion to reset")
        return self._record(Action.RESET, reason, model_id=0, version=None, from_version=None)

    def roll_back(self, reason: str, to_version: int | None = None) -> ChampionChangeRecord:
        """Make an earlier version the champion, and serve it as the newest version.

        Args:
            reason: Why.
            to_version: The version; None for the one before the champion's.

        Returns:
            The change as it was recorded.

        Raises:
            ChampionError: If there is no such version to go back to.
        """
        version = self._choose_version(to_version)
        model_id = self.find_model(version)
        pushed = push_version(self._layout.serving_root / str(version), self._layout.serving_root)
        return self._record(Action.ROLLBACK, reason, model_id, pushed.version, version)

    def find_model(self, version: int) -> int:
        """Find the model that a version holds.

        Args:
            version: A pushed version.

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

    def _find_uri(self, model_id: int | None) -> str | None:
        found = self._store.get_artifacts_by_id([model_id]) if model_id else []
        return str(found[0].uri) if found else None

    def _list_pushed(self) -> list[mlmd.Artifact]:
        return [
            artifact
            for artifact in _sort(self._store.get_artifacts_by_type("PushedModel"))
            if artifact.custom_properties["pushed"].int_value == 1 and _read_model_id(artifact)
        ]

    def _list_changes(self) -> list[mlmd.Artifact]:
        return _sort(self._store.get_artifacts_by_type(CHAMPION_CHANGE_TYPE))

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


def _sort(artifacts: list[mlmd.Artifact]) -> list[mlmd.Artifact]:
    return sorted(artifacts, key=lambda artifact: artifact.id)


def _read_model_id(artifact: mlmd.Artifact) -> int:
    return int(artifact.custom_properties[MODEL_ID_PROPERTY].int_value)


def _read_version(artifact: mlmd.Artifact) -> int | None:
    """Read the version of a pushed model (text, as TFX has it) or of a change (a number)."""
    text = artifact.custom_properties["pushed_version"].string_value
    return (
        int(text) if text else int(artifact.custom_properties[VERSION_PROPERTY].int_value) or None
    )


def _read_choice(artifact: mlmd.Artifact) -> Change:
    action = Action(artifact.custom_properties[ACTION_PROPERTY].string_value)
    return Change(artifact.id, action, _read_model_id(artifact) or None)


def _read_record(artifact: mlmd.Artifact) -> ChampionChangeRecord:
    properties = artifact.custom_properties
    return ChampionChangeRecord(
        action=Action(properties[ACTION_PROPERTY].string_value),
        version=properties[VERSION_PROPERTY].int_value or None,
        from_version=properties[_FROM_VERSION_PROPERTY].int_value or None,
        reason=properties[REASON_PROPERTY].string_value,
        who=properties[WHO_PROPERTY].string_value,
        when=properties[WHEN_PROPERTY].string_value,
    )


@contextlib.contextmanager
def open_champion(layout: OutputLayout, pipeline_name: str) -> Iterator[ChampionStore]:
    """Open the champion of a pipeline that has run.

    Args:
        layout: Where its runs are kept.
        pipeline_name: Its name.

    Yields:
        The champion.

    Raises:
        UsageError: If nothing has run there yet.
        StoreUnavailableError: If the metadata store is a database, and can't be reached.
    """
    with open_run_store(layout.metadata_store, pipeline_name) as runs:
        yield ChampionStore(runs.store, pipeline_name, layout)


def find_champion_version(layout: OutputLayout, pipeline_name: str) -> int | None:
    """Tell which version is the champion.

    Args:
        layout: Where the pipeline's runs are kept.
        pipeline_name: Its name.

    Returns:
        The version; None where there is no champion, or nothing has run yet.
    """
    if not layout.has_metadata_store:
        return None
    with open_champion(layout, pipeline_name) as champion:
        return champion.show().version
