// Tokens and vectors of texts by a GGUF file of an embedding model in llama.cpp (natives of the npm package node-llama-cpp): what
// LlamaCppEmbedderTest compares with. Texts come as a JSON list on standard input, {tokens, vectors} go to standard output.
//   LLAMA_NODE=DIR/WITH/node_modules node reference_vectors.mjs FILE.gguf < texts.json
import fs from "node:fs";
import path from "node:path";
import {pathToFileURL} from "node:url";

const entry = path.join(process.env.LLAMA_NODE ?? ".", "node_modules/node-llama-cpp/dist/index.js");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry));
const texts = JSON.parse(fs.readFileSync(0, "utf-8"));
const llama = await getLlama({build: "never", gpu: false, maxThreads: 1, logLevel: LlamaLogLevel.error});
const model = await llama.loadModel({modelPath: process.argv[2]});
const context = await model.createEmbeddingContext({contextSize: model.trainContextSize, threads: 1});
const out = {release: llama.llamaCppRelease.release, tokens: [], vectors: []};
for (const text of texts) {
    out.tokens.push([...model.tokenize(text)]);
    out.vectors.push([...(await context.getEmbeddingFor(text)).vector]);
}
fs.writeSync(1, JSON.stringify(out));
process.exit(0);
