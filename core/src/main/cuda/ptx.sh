#!/usr/bin/env bash
# Makes the PTX that the jar ships of every kernel source, for machines with a driver but no NVRTC: compute capability 8.0 and PTX 7.0,
# which every driver since CUDA 11.0 compiles for its GPU. Run it after a change of a .cu file; a test says if that was forgotten.
#   core/src/main/cuda/ptx.sh [FOLDER]     needs nvcc; writes beside the sources, or to another folder
set -euo pipefail
sources=$(cd "$(dirname "$0")/../resources/dev/hone/core/kernel/cuda" && pwd)
target=${1:-$sources}
nvcc=$(command -v nvcc || echo "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in "$sources"/*.cu; do
  family=$(basename "$file" .cu)
  [ "$family" != prelude ] || continue
  cat "$sources/prelude.cu" "$file" > "$work/$family.cu"
  "$nvcc" -std=c++17 -O3 -arch=compute_80 -ptx "$work/$family.cu" -o "$work/$family.ptx"
  {
    echo "// Made by core/src/main/cuda/ptx.sh of prelude.cu and $family.cu, SHA-256 $(sha256sum < "$work/$family.cu" | cut -c1-64)"
    sed -e '/^[[:space:]]*\/\//d' -e '/^$/d' -e 's/^\.version .*/.version 7.0/' "$work/$family.ptx"
  } | gzip -9n > "$target/$family.ptx.gz"
done
