#!/usr/bin/env bash
# Models in, as docs/choosing.md and bench/PERFORMANCE.md have it; nothing else running. About 5 minutes, and 3 for the table of bases.
#   bench/models-in.sh [DIRECTORY [SHAPE]]   merging and starting to write, on a Llama of 1.2 billion random numbers in BF16 (2.5 GB of
#                                            disk, 8 GB of memory once to draw them); SHAPE llama-135m/bf16 tries it small
#   bench/models-in.sh --bases [REGEX [STEPS]]   tokens a second that each base of docs/choosing.md trains
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${HONE_BENCH_CP:-}" ] || [ -e bench/target/benchmarks.jar ] || mvn -B -ntp -q -pl bench -am -DskipTests package
java() {
  command "${JAVA_HOME:+$JAVA_HOME/bin/}java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
    -XX:PerMethodTrapLimit=10000 -cp "${HONE_BENCH_CP:-bench/target/benchmarks.jar}" "$@"
}
if [ "${1:-}" = --bases ]; then
  java -Xmx6g dev.hone.bench.ChoosingBench --only "${2:-}" --steps "${3:-5}"
  exit
fi
out=${1:-target/models-in}
shape=${2:-llama-1b/bf16}
model=$out/${shape/\//-}
hone() {
  java -Xmx"${HEAP:-8g}" dev.hone.train.cli.Main "$@"
}
# Runs a command and prints the most memory that it had in RAM, mapped files included.
peak() {
  "$@" &
  local child=$! most=0 now
  while now=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$(pgrep -P $child -x java || echo $child)/status" 2> /dev/null) && [ -n "$now" ]; do
    most=$now
    sleep 0.2
  done
  wait $child
  echo "peak resident: $((most / 1000)) MB"
}
mkdir -p "$out"
java -Xmx8g dev.hone.bench.DecoderModels --models "$out" --only "$shape"
if [ ! -e "$model/tokenizer.json" ]; then
  seq 1 20000 | sed 's/$/ bottles of beer on the wall/' > "$out/text.txt"
  hone tokenizer train --data "$out/text.txt" --vocab-size 1000 --output-dir "$out/tokenizer" --overwrite > "$out/tokenizer.log"
  cp "$out"/tokenizer/tokenizer*.json "$model/"
fi
if [ ! -e "$out/run/adapter/adapter_config.json" ]; then
  for i in $(seq 4); do echo '{"prompt": "How many bottles?", "completion": " ninety nine"}'; done > "$out/rows.jsonl"
  hone train --task generate --model "$model" --data "$out/rows.jsonl" --output-dir "$out/run" --overwrite --target-modules all-linear \
    --lora-r 16 --max-steps 1 --batch-size 1 --val-size 0 --quiet > "$out/train.log"
fi
cat "$model/model.safetensors" > /dev/null # into the page cache
echo "== generate: seconds until the first text, the file in the page cache"
for i in 1 2 3; do
  start=$(date +%s.%N)
  HEAP=3g hone generate --model "$model" --prompt "How many bottles" --max-new-tokens 2 2> "$out/generate.log" | {
    head -c 1 > /dev/null
    echo "$(date +%s.%N) $start" | awk '{printf "%.2f s\n", $1 - $2}'
    cat > /dev/null
  }
done
echo "== merge, all linear layers, to F32"
time HEAP=600m peak hone merge --model "$model" --adapter "$out/run/adapter" --output-dir "$out/merged" --overwrite
echo "== merge, to BF16"
time HEAP=600m peak hone merge --model "$model" --adapter "$out/run/adapter" --output-dir "$out/merged" --overwrite --dtype bfloat16
rm -rf "$out/merged"
