"""The distribution ``tfx-production-pipeline``.

The ranges below are what the code is written for; ``requirements/lock.txt`` is the one set of
versions that is tested.
"""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent

VERSION = "0.1.0"

# The top-level folders that are installed.
ROOMS = ("schemas", "components", "pipelines")

# TFX 1.16 itself takes 3.9 too; the code is written for 3.10.
PYTHON_REQUIRES = ">=3.10,<3.11"

INSTALL_REQUIRES = [
    "absl-py>=1.4,<2",
    "apache-beam>=2.65,<3",
    "click>=8.1,<9",
    "dill>=0.3.1",  # imported by tfx-bsl, which does not ask for it
    "jinja2>=3.1,<4",
    "keras>=3.0,<3.7",  # 3.12 breaks TFX's own models, 3.6 is tested
    "ml-metadata>=1.16,<1.17",
    "numpy>=1.23.5,<2",
    "pandas>=1.5,<3",
    "protobuf>=3.20.3,<4.21",
    "psycopg[binary]>=3.2,<4",
    "pyarrow>=10,<11",
    "pydantic>=2.5,<3",
    "pyyaml>=6,<7",
    "rich>=13",
    "scikit-learn>=1.5,<2",
    "scipy>=1.12,<2",
    "setuptools<82",  # TensorBoard and TF Hub import pkg_resources, which 82 no longer has
    "tensorflow>=2.16.2,<2.17",
    "tensorflow-data-validation>=1.16.1,<1.17",
    "tensorflow-metadata>=1.16,<1.17",
    "tensorflow-model-analysis>=0.47.1,<0.48",
    "tensorflow-transform>=1.16,<1.17",
    "tf-keras>=2.16,<2.17",
    "tfx>=1.16,<1.17",
    "tfx-bsl>=1.16.1,<1.17",
    "vl-convert-python>=1.9,<2",
]

EXTRAS_REQUIRE = {
    "dev": [
        "mypy>=1.10",
        "packaging>=22",
        "playwright>=1.50",
        "pytest>=8",
        "pytest-xdist>=3.5",
        "ruff>=0.6",
        "types-PyYAML>=6",
        "uv>=0.4",
    ],
}

if __name__ == "__main__":
    setup(
        name="tfx-production-pipeline",
        version=VERSION,
        description="A TFX pipeline from validated data to a blessed tf.keras model",
        long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
        long_description_content_type="text/markdown",
        license="Apache-2.0",
        license_files=["LICENSE"],
        python_requires=PYTHON_REQUIRES,
        packages=find_packages(
            include=[f"{room}{below}" for room in ROOMS for below in ("", ".*")]
        ),
        package_data={
            "schemas": ["**/*.pbtxt"],
            "pipelines": ["environments/*.yaml", "report/templates/*"],
        },
        install_requires=INSTALL_REQUIRES,
        extras_require=EXTRAS_REQUIRE,
        entry_points={"console_scripts": ["tfx-pipelines = pipelines.cli:main"]},
    )
