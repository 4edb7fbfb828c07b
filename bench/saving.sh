#!/usr/bin/env bash
# Training here and in PyTorch, in turn, a process each, nothing else running: whole jobs, work that is not done, steps of fixed
# length, and the memory of each; bench/PERFORMANCE.md. About a quarter of an hour a round.
#   bench/saving.sh MODEL SHARED [ROUNDS [CASE]]
# MODEL is a directory of all-MiniLM-L6-v2; SHARED has data/sentiment and reference/bench. CASE is a regular expression of names
# below; the long sequences run only if it is given. PYTHON names the interpreter with torch, peft and trl, HONE_BENCH a class path
# other than the built jar, THREADS how many; COMPILE=REGEX also runs these cases of reference_saving.py under torch.compile,
# STEPS and WARMUP change how many steps are taken (STEPS=1 WARMUP=0 is a trial).
# Lines of results add up in target/bench-saving; --table alone prints what is there.
set -euo pipefail
out=target/bench-saving
python=${PYTHON:-python}
ours=$out/ours.jsonl
theirs=$out/theirs.jsonl
compiled=$out/compiled.jsonl
show() {
  "$python" bench/reference_saving.py --table "$ours" "$theirs"
  if [ -s "$compiled" ]; then
    echo
    echo "Against torch.compile:"
    "$python" bench/reference_saving.py --table "$ours" "$compiled"
  fi
}
if [ "${1:-}" = --table ]; then
  cd "$(dirname "$0")/.."
  show
  exit
fi
[ $# -ge 2 ] || { sed -n 2,11p "$0"; exit 2; }
model=$(realpath "$1")
shared=$(realpath "$2")
rounds=${3:-1}
only=${4:-^[^l]|^llama}
threads=${THREADS:-2}
cases=(
  amazon/lora amazon/full
  chat-llama-135m/8x200+30/lora16 dpo-job-llama-135m/24x300+60/lora16 dpo-llama-135m/4x2x300+60/lora16
  first-minilm/16x128/lora8 first-minilm/16x128/full head-minilm/512x64/3epochs
  bert-minilm/32x32/full bert-minilm/32x32/lora8 distilbert-base/16x64/full distilbert-base/16x64/lora8
  gpt2-124m/4x64/full gpt2-124m/4x64/lora16 llama-135m/2x256/lora16
  long-llama-135m/1x2048/lora16+ckpt long-llama-135m/1x8192/lora16+ckpt long-llama-135m/1x32768/lora16+ckpt
)
cd "$(dirname "$0")/.."
[ -n "${HONE_BENCH:-}" ] || [ -e bench/target/benchmarks.jar ] || mvn -B -ntp -q -pl bench -am -DskipTests package
mkdir -p "$out"
options=train/src/main/resources/dev/hone/train/cli
jvm=("@$options/jvm.options" "@$options/collector.options")
[ "$(getconf _NPROCESSORS_ONLN)" != 2 ] || jvm+=(-XX:CICompilerCount=3)
# Lines of JSON alone; what else a side says goes to a file, whose end is shown if there is no such line.
lines() {
  "$@" 2> "$out/log" | grep '^{"' || { tail -3 "$out/log" >&2; return 1; }
}
hone() { lines "${JAVA_HOME:+$JAVA_HOME/bin/}java" "${jvm[@]}" -cp "${HONE_BENCH:-bench/target/benchmarks.jar}" "$@"; }
reference() { lines "$python" bench/reference_saving.py --threads "$threads" "$@"; }
steps=${STEPS:-6}
warm=${WARMUP:-5}
both() {
  local case=$1 name=${1//+/\\+}\$ taken=$steps before=$warm there=${WARMUP:-2}
  case $case in
    amazon/*)
      hone dev.hone.bench.JobBench --case "$case" --model "$model" --data "$shared/data/sentiment/amazon.tsv" \
        --threads "$threads" | tee -a "$ours"
      lines "$python" "$shared/reference/bench/sentiment_baseline.py" --model "$model" --tokenizer "$model/tokenizer.json" \
        --data "amazon=$shared/data/sentiment/amazon.tsv" --sets amazon --methods "${case#*/}" --seeds 1 --threads "$threads" \
        | tee -a "$theirs"
      return
      ;;
    dpo-job*)
      [ -e "$out/dpo/pairs.jsonl" ] || "$python" bench/reference_saving.py --prepare "$out/dpo" 2> "$out/log"
      hone dev.hone.bench.JobBench --case "$case" --model "$out/dpo" --threads "$threads" | tee -a "$ours"
      reference --dpo-job "$out/dpo" | tee -a "$theirs"
      return
      ;;
    bert-* | distilbert-* | gpt2-* | llama-*)
      for activations in f32 bf16; do
        hone dev.hone.bench.TrainBench --only "$name" --warmup "$warm" --steps "$steps" --threads "$threads" \
          --activations $activations | tee -a "$ours"
      done
      lines "$python" "$shared/reference/bench/bench_train.py" --case "$case" --threads "$threads" --steps "$steps" \
        --warmup "$there" | tee -a "$theirs"
      return
      ;;
    head-*) taken=$(((steps + 1) / 2)) ;; # each is three epochs
    long-*) taken=1 before=1 there=1 ;; # each is a minute or more
  esac
  hone dev.hone.bench.SavingBench --only "$name" --warmup "$before" --steps "$taken" --threads "$threads" | tee -a "$ours"
  reference --only "$name" --steps "$taken" --warmup "$there" | tee -a "$theirs"
  if [ -n "${COMPILE:-}" ] && [[ $case =~ $COMPILE ]]; then
    reference --only "$name" --steps "$taken" --warmup "$there" --compile | tee -a "$compiled" \
      || echo "torch.compile does not take it" >&2
  fi
}
for ((round = 1; round <= rounds; round++)); do
  for case in "${cases[@]}"; do
    [[ $case =~ $only ]] || continue
    echo "== $case, round $round of $rounds" >&2
    both "$case" || echo "$case: see above" >&2
  done
done
show
