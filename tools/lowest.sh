#!/usr/bin/env bash
# Install the lowest versions that pyproject.toml allows, in an environment of their own, and run what a user needs first.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$HOME/.local/bin:$PATH" OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen
place=${LOWEST:-.lowest}
uv venv --quiet --allow-existing --python 3.11 "$place"
uv pip compile --quiet --resolution lowest-direct --python-version 3.11 --no-header --upgrade pyproject.toml -o "$place/requirements.txt"
uv pip install --quiet --python "$place/bin/python" --requirements "$place/requirements.txt" "pytest>=8.3" "hypothesis>=6.115"
uv pip install --quiet --python "$place/bin/python" --no-deps --editable .

# Left out are tests that need packages of the group dev, and those that compare bytes with what newer versions wrote.
# Warnings are errors with the versions of uv.lock only: old ones warn of each other.
"$place/bin/python" -m pytest -q -p no:cacheprovider -o filterwarnings=default -W ignore::DeprecationWarning \
    -m "not slow" tests/test_lowest.py tests/test_params.py tests/test_micrograph.py tests/test_draws.py \
    tests/store tests/measurement tests/models/stardist/test_official.py tests/models/stardist/test_training.py \
    tests/recipes/shapes tests/recipes/cutpaste \
    --ignore tests/store/test_ome_zarr_labels.py --ignore tests/store/test_micrographs.py \
    --deselect tests/store/readers/test_tiff.py --deselect tests/store/test_dataset_schema.py "$@"
