"""What Transform takes from the internals of TFT, of tfx_bsl and of TFX's own executor.

Checked with TFT 1.16.0, tfx_bsl 1.16.1 and TFX 1.16.0. Where one has moved, look for how TFX's
executor of Transform uses these names, and see to it that tests/components/transform pass.
"""

from __future__ import annotations

from tensorflow_transform.analyzer_nodes import TENSOR_REPLACEMENTS
from tensorflow_transform.analyzers import sanitized_vocab_filename
from tensorflow_transform.impl_helper import analyze_in_place
from tfx.components.transform import executor_utils
from tfx.components.util.udf_utils import get_fn
from tfx_bsl.tfxio.tensor_adapter import TensorAdapter, TensorAdapterConfig
from tfx_bsl.tfxio.tensor_representation_util import InferTensorRepresentationsFromMixedSchema

CHECKED_VERSIONS = {"tensorflow-transform": "1.16.0", "tfx-bsl": "1.16.1", "tfx": "1.16.0"}

__all__ = [
    "CHECKED_VERSIONS",
    "TENSOR_REPLACEMENTS",
    "InferTensorRepresentationsFromMixedSchema",
    "TensorAdapter",
    "TensorAdapterConfig",
    "analyze_in_place",
    "executor_utils",
    "get_fn",
    "sanitized_vocab_filename",
]
