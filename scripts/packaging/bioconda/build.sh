#!/usr/bin/env bash
# Builds the conda package: conda-build calls it in the unpacked release.
set -euo pipefail

# The licences of what is linked into the program, which meta.yaml packs.
cargo-bundle-licenses --format yaml --output THIRDPARTY.yml
# As Cargo.lock has it; without --no-track cargo would leave lists of its own in the package.
cargo install --locked --no-track --root "$PREFIX" --path .
