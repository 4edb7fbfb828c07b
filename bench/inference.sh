#!/usr/bin/env bash
# Answering, as bench/PERFORMANCE.md has it: products of few rows beside a plain read, tokens per second by type of weights, by number of
# texts and by layout. One process a figure, nothing else running.   bench/inference.sh [THREADS [DIRECTORY FOR MODELS [CASES]]]
set -euo pipefail
cd "$(dirname "$0")/.."
threads=${1:-2}
models=${2:-target/bench-models}
cases=${3:-llama-135m/bf16}
run() {
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:PerMethodTrapLimit=10000 -Xmx8g "$@"
}
[ -e bench/target/benchmarks.jar ] || mvn -B -ntp -q -pl bench -am -DskipTests package
echo "== products, K x N = 2048 x 8192 and 576 x 1536"
run -cp bench/target/benchmarks.jar dev.hone.bench.FewRowsBench "$threads" 5
run -cp bench/target/benchmarks.jar dev.hone.bench.FewRowsBench "$threads" 3 576 1536
run -cp bench/target/benchmarks.jar dev.hone.bench.DecoderModels --models "$models" --only "$cases"
for layout in stored interleaved; do
  for type in "" Q8_0 INT8_ROWS NF4; do
    for streams in 1 8; do
      echo "== $layout weights, $streams texts"
      run -Dhone.layout=$layout -cp bench/target/benchmarks.jar dev.hone.bench.GenerateBench --models "$models" --only "$cases" \
        --threads "$threads" --streams $streams ${type:+--quantize $type}
    done
  done
done
