"""Write and run the transform graph, in the layout that ``tft.TFTransformOutput`` reads."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import analyzer_nodes, impl_helper
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils
from tfx_bsl.tfxio.tensor_adapter import TensorAdapter, TensorAdapterConfig
from tfx_bsl.tfxio.tensor_representation_util import InferTensorRepresentationsFromMixedSchema

from components.examples.parquet_examples import nest_schema

PreprocessingFn = Callable[[Mapping[str, tf.SparseTensor]], Mapping[str, tf.Tensor]]
"""TFT's hook, with all but the columns bound."""

_ARROW_TYPES = {
    schema_pb2.FLOAT: pa.float32(),
    schema_pb2.INT: pa.int64(),
    schema_pb2.BYTES: pa.binary(),
}
_FLAT_TYPES = {tf.float32: pa.float32(), tf.int64: pa.int64(), tf.string: pa.binary()}


def list_columns(schema: schema_pb2.Schema) -> tuple[str, ...]:
    """List the columns that a graph of the schema takes, in its order."""
    return tuple(feature.name for feature in schema.feature)


def create_adapter_config(schema: schema_pb2.Schema) -> TensorAdapterConfig:
    """Say how batches of the schema's columns become tensors.

    Args:
        schema: Names and types of the columns.

    Returns:
        For batches of just these columns, as lists.
    """
    columns = pa.schema([(each.name, _ARROW_TYPES[each.type]) for each in schema.feature])
    representations = InferTensorRepresentationsFromMixedSchema(schema)
    return TensorAdapterConfig(nest_schema(columns), representations)


def has_analyzers(preprocessing_fn: PreprocessingFn, schema: schema_pb2.Schema) -> bool:
    """Say whether TFT has to pass over the data before it can make the graph."""
    with tempfile.TemporaryDirectory() as directory:
        graph, _, _ = impl_helper.trace_preprocessing_function(
            preprocessing_fn,
            _specify_inputs(schema),
            use_tf_compat_v1=False,
            base_temp_dir=directory,
        )
    return bool(graph.get_collection(analyzer_nodes.TENSOR_REPLACEMENTS))


def write_graph(
    preprocessing_fn: PreprocessingFn, schema: schema_pb2.Schema, directory: Path
) -> None:
    """Write the graph of a function without analyzers, as TFX does for such functions.

    Args:
        preprocessing_fn: The function.
        schema: Its columns.
        directory: Folder that gets ``transform_fn`` and ``transformed_metadata``.
    """
    impl_helper.analyze_in_place(
        preprocessing_fn,
        force_tf_compat_v1=False,
        feature_specs=schema_utils.schema_as_feature_spec(schema).feature_spec,
        type_specs=_specify_inputs(schema),
        transform_output_path=str(directory),
    )


def write_raw_metadata(schema: schema_pb2.Schema, directory: Path) -> None:
    """Write the schema of the raw columns beside the graph; completes the layout."""
    metadata_io.write_metadata(
        dataset_metadata.DatasetMetadata(schema),
        str(directory / tft.TFTransformOutput.RAW_METADATA_DIR),
    )


class TransformGraph:
    """A graph that was written, applied to whole batches of rows."""

    def __init__(self, directory: Path) -> None:
        """Load it.

        Args:
            directory: Folder of Transform's output.

        Raises:
            ValueError: If it gives a feature that is not one value a row.
        """
        output = tft.TFTransformOutput(str(directory))
        schema = output.raw_metadata.schema
        self.columns = list_columns(schema)
        self._adapter = TensorAdapter(create_adapter_config(schema))
        # The function is the module's and goes with it.
        self._module = tf.saved_model.load(output.transform_savedmodel_dir)
        self.schema = _describe_outputs(self._module.transform_fn.structured_outputs)

    def transform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Transform rows.

        Args:
            batch: ``columns``, as lists.

        Returns:
            As many rows of ``schema``, flat.
        """
        outputs = self._module.transform_fn(dict(self._adapter.ToBatchTensors(batch)))
        arrays = [pa.array(outputs[field.name].numpy(), field.type) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _specify_inputs(schema: schema_pb2.Schema) -> dict[str, tf.TypeSpec]:
    return dict(TensorAdapter(create_adapter_config(schema)).OriginalTypeSpecs())


def _describe_outputs(outputs: Mapping[str, tf.TypeSpec]) -> pa.Schema:
    fields = []
    for name in sorted(outputs):
        spec = outputs[name]
        dtype = _FLAT_TYPES.get(spec.dtype)
        if not isinstance(spec, tf.Tensor | tf.TensorSpec) or spec.shape.rank != 1 or not dtype:
            raise ValueError(
                f"transformed feature {name!r} is {spec}; give it one value a row: dense, shape "
                "[batch], of float32, int64 or string"
            )
        fields.append(pa.field(name, dtype))
    return pa.schema(fields)
