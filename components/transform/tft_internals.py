"""What Transform takes from the internals of TFT, of tfx_bsl and of TFX's own executor.

Checked with tensorflow-transform 1.16.0.
Checked with tfx-bsl 1.16.1.
Checked with tfx 1.16.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import analyzer_nodes, impl_helper
from tensorflow_transform.analyzers import sanitized_vocab_filename
from tensorflow_transform.tf_metadata import schema_utils
from tfx.components.transform import executor_utils
from tfx.components.util import udf_utils
from tfx.proto import transform_pb2
from tfx.types import Artifact, standard_component_specs
from tfx_bsl.tfxio.tensor_adapter import TensorAdapter, TensorAdapterConfig
from tfx_bsl.tfxio.tensor_representation_util import InferTensorRepresentationsFromMixedSchema

PreprocessingFn = Callable[[Mapping[str, tf.SparseTensor]], Mapping[str, tf.Tensor]]
"""TFT's hook, with all but the columns bound."""


def name_vocabulary_file(column: str) -> str:
    """Give the name of the asset that TFT reads when asked for the vocabulary of a column."""
    return str(sanitized_vocab_filename(filename=column))


def create_adapter(schema: schema_pb2.Schema, columns: pa.Schema) -> TensorAdapter:
    """Create what turns batches of just the schema's columns, as lists, into tensors."""
    representations = InferTensorRepresentationsFromMixedSchema(schema)
    return TensorAdapter(TensorAdapterConfig(columns, representations))


def trace_graph(
    preprocessing_fn: PreprocessingFn,
    schema: schema_pb2.Schema,
    adapter: TensorAdapter,
    directory: Path,
) -> None:
    """Write the graph of a function without analyzers, and the schema of what it gives.

    Args:
        preprocessing_fn: The function; TFT calls it twice, for the graph and for the schema.
        directory: Folder that gets ``transform_fn`` and ``transformed_metadata``.
    """
    impl_helper.analyze_in_place(
        preprocessing_fn,
        force_tf_compat_v1=False,
        feature_specs=schema_utils.schema_as_feature_spec(schema).feature_spec,
        type_specs=dict(adapter.OriginalTypeSpecs()),
        transform_output_path=str(directory),
    )


def list_analyzers() -> list[str]:
    """List the scopes in the graph that is being traced for which TFT wants to run analyzers."""
    results = tf.compat.v1.get_collection(analyzer_nodes.TENSOR_REPLACEMENTS)
    return sorted({result.tensor.op.name.partition("/")[0] for result in results})


def load_hook(exec_properties: Mapping[str, Any]) -> Callable[..., Any]:
    """Load the ``preprocessing_fn``; its ``custom_config`` is bound if it takes one."""
    key = standard_component_specs.PREPROCESSING_FN_KEY
    hook = udf_utils.get_fn(dict(exec_properties), key)
    return executor_utils.MaybeBindCustomConfig(exec_properties, hook)


def resolve_splits(
    exec_properties: Mapping[str, Any], examples: list[Artifact]
) -> transform_pb2.SplitsConfig:
    """Read which splits to analyze and to transform: ``train`` and all where nothing is said."""
    stated = exec_properties.get(standard_component_specs.SPLITS_CONFIG_KEY)
    return executor_utils.ResolveSplitsConfig(stated, examples)


def match_outputs(
    input_dict: dict[str, list[Artifact]], output_dict: dict[str, list[Artifact]]
) -> None:
    """Replace the one artifact of transformed examples by one per artifact of examples."""
    executor_utils.MatchNumberOfTransformedExamplesArtifacts(input_dict, output_dict)
