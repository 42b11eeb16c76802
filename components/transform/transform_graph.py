"""Write and run the transform graph, in the layout that ``tft.TFTransformOutput`` reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.examples.parquet_examples import nest_schema
from components.transform.preprocessing import PARAMETERS_KEY
from components.transform.tft_internals import (
    TENSOR_REPLACEMENTS,
    InferTensorRepresentationsFromMixedSchema,
    TensorAdapter,
    TensorAdapterConfig,
    analyze_in_place,
)

PreprocessingFn = Callable[[Mapping[str, tf.SparseTensor]], Mapping[str, tf.Tensor]]
"""TFT's hook, with all but the columns bound."""

_ARROW_TYPES = {
    schema_pb2.FLOAT: pa.float32(),
    schema_pb2.INT: pa.int64(),
    schema_pb2.BYTES: pa.binary(),
}
_FLAT_TYPES = {tf.float32: pa.float32(), tf.int64: pa.int64(), tf.string: pa.binary()}


def write_graph(
    preprocessing_fn: PreprocessingFn, schema: schema_pb2.Schema, directory: Path
) -> None:
    """Write ``transform_fn`` and ``transformed_metadata``, as TFX does without analyzers.

    TFT calls the function twice, for the graph and for the metadata.

    Raises:
        ValueError: If the function has analyzers of TFT's; nothing is written then.
    """

    def call_without_analyzers(inputs: Mapping[str, tf.SparseTensor]) -> Mapping[str, tf.Tensor]:
        outputs = preprocessing_fn(inputs)
        # Here, as the graph is whole and nothing of it is written yet.
        if results := tf.compat.v1.get_collection(TENSOR_REPLACEMENTS):
            scopes = sorted({result.tensor.op.name.partition("/")[0] for result in results})
            raise ValueError(
                f"preprocessing_fn: has analyzers of TFT's ({', '.join(scopes)}), and Transform "
                "runs none; say in the feature table what is to be learned of the rows, and take "
                f"it from custom_config[{PARAMETERS_KEY!r}]"
            )
        return outputs

    analyze_in_place(
        call_without_analyzers,
        force_tf_compat_v1=False,
        feature_specs=schema_utils.schema_as_feature_spec(schema).feature_spec,
        type_specs=dict(_create_adapter(schema).OriginalTypeSpecs()),
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
        """Load Transform's output.

        Raises:
            ValueError: If it gives a feature that is not one value per row.
        """
        output = tft.TFTransformOutput(str(directory))
        schema = output.raw_metadata.schema
        self.columns = tuple(feature.name for feature in schema.feature)
        self._adapter = _create_adapter(schema)
        # The function is the module's and goes with it.
        self._module = tf.saved_model.load(output.transform_savedmodel_dir)
        self.schema = _describe_outputs(self._module.transform_fn.structured_outputs)

    def transform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Transform rows, ``columns`` as lists, to as many rows of ``schema``, flat."""
        outputs = self._module.transform_fn(dict(self._adapter.ToBatchTensors(batch)))
        arrays = [pa.array(outputs[field.name].numpy(), field.type) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _create_adapter(schema: schema_pb2.Schema) -> TensorAdapter:
    """Create what turns batches of just the schema's columns, as lists, into tensors."""
    columns = pa.schema([(each.name, _ARROW_TYPES[each.type]) for each in schema.feature])
    representations = InferTensorRepresentationsFromMixedSchema(schema)
    return TensorAdapter(TensorAdapterConfig(nest_schema(columns), representations))


def _describe_outputs(outputs: Mapping[str, tf.TypeSpec]) -> pa.Schema:
    fields = []
    for name in sorted(outputs):
        spec = outputs[name]
        dtype = _FLAT_TYPES.get(spec.dtype)
        if not isinstance(spec, tf.Tensor | tf.TensorSpec) or spec.shape.rank != 1 or not dtype:
            raise ValueError(
                f"transformed feature {name!r} is {spec}; give it one value per row: dense, shape "
                "[batch], of float32, int64 or string"
            )
        fields.append(pa.field(name, dtype))
    return pa.schema(fields)
