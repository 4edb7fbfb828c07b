#!/usr/bin/env bash
# Whole jobs of the tasks here and with the Python libraries, in turn, a process each, nothing else running; bench/PERFORMANCE.md.
#   bench/tasks.sh MODEL SHARED [time|accuracy [CASE...]]
# MODEL is a directory of all-MiniLM-L6-v2, SHARED/data has instructions.jsonl and sentiment. PYTHON names the interpreter with
# sentence-transformers, HONE_BENCH a class path other than the built jar; SEEDS and THREADS change what they say, MAX_STEPS=2 is a trial.
#   time      seconds and memory of vectors and of few examples, one seed (about 5 minutes)
#   accuracy  all cases, three seeds (about 25 minutes)
set -euo pipefail
model=$(realpath "$1")
data=$(realpath "$2")/data
what=${3:-time}
cd "$(dirname "$0")/.."
python=${PYTHON:-python}
rows=target/bench-tasks/rows
lines=target/bench-tasks/$what.jsonl
case $what in
  time)
    seeds=${SEEDS:-1}
    cases=(embed few-amazon-16 few-imdb-16 few-amazon-8 few-imdb-8)
    ;;
  accuracy)
    seeds=${SEEDS:-1 2 3}
    cases=(embed tag)
    for set in amazon-8 amazon-16 imdb-8 imdb-16; do cases+=("few-$set" "probe-$set" "full-$set"); done
    ;;
  *) sed -n 2,8p "$0"; exit 2 ;;
esac
[ $# -le 3 ] || cases=("${@:4}")
[ -n "${HONE_BENCH:-}" ] || [ -e bench/target/benchmarks.jar ] || mvn -B -ntp -q -pl bench -am -DskipTests package
options=train/src/main/resources/dev/hone/train/cli
hone() { "${JAVA_HOME:+$JAVA_HOME/bin/}java" "@$options/jvm.options" "@$options/collector.options" -cp "${HONE_BENCH:-bench/target/benchmarks.jar}" "$@" 2> /dev/null; }
# The line of one side, with the seconds of the whole process.
side() {
  local begin=$EPOCHREALTIME line
  line=$("$@" 2> /dev/null | grep '"side"')
  echo "${line%\}}, \"process_s\": $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $begin }")}" | tee -a "$lines"
}
mkdir -p "$rows"
hone dev.hone.bench.TaskData "$data" "$rows" 3
: > "$lines"
for case in "${cases[@]}"; do
  for seed in $seeds; do
    flags=(--case "$case" --seed "$seed" --model "$model" --data "$rows" --threads "${THREADS:-2}" --max-steps "${MAX_STEPS:-0}")
    side hone dev.hone.bench.TaskBench "${flags[@]}"
    side "$python" bench/reference_tasks.py "${flags[@]}"
  done
done
"$python" bench/reference_tasks.py --table "$lines"
