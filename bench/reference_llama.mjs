// Greedy tokens of a GGUF file in llama.cpp (natives of the npm package node-llama-cpp): what GenerateBench measures, and with
// STREAMS, a list as 1,4,16, that many texts at once, as ServeBench asks for them.
//   LLAMA_NODE=DIR/WITH/node_modules node reference_llama.mjs FILE.gguf [THREADS [NEW [RUNS [STREAMS]]]]
import path from "node:path";
import {pathToFileURL} from "node:url";

const entry = path.join(process.env.LLAMA_NODE ?? ".", "node_modules/node-llama-cpp/dist/index.js");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry));
const [file, ...numbers] = process.argv.slice(2);
const [threads = 2, count = 64, runs = 5] = numbers.slice(0, 3).map(Number);
const llama = await getLlama({build: "never", gpu: false, maxThreads: threads, logLevel: LlamaLogLevel.error});
const model = await llama.loadModel({modelPath: file});
const prompt = Array.from({length: 32}, (_, i) => 300 + 37 * i);
for (const streams of numbers.length > 3 ? numbers[3].split(",").map(Number) : []) {
    let best = 0;
    for (let run = -1; run < runs; run++) {
        const context = await model.createContext({contextSize: 32 + count + 8, sequences: streams, threads});
        const begin = performance.now();
        await Promise.all(Array.from({length: streams}, async (_, stream) => {
            let tokens = 0;
            const mine = [300 + stream, ...prompt.slice(0, 15)]; // no common beginning
            for await (const _ of context.getSequence().evaluate(mine, {temperature: 0, yieldEogToken: true})) {
                if (++tokens === count) break;
            }
        }));
        const rate = streams * count * 1e3 / (performance.now() - begin);
        if (run >= 0) best = Math.max(best, rate);
        await context.dispose();
    }
    console.log(JSON.stringify({model: path.basename(file), threads, new: count, streams, tokens_per_s: Math.round(best * 100) / 100}));
}
if (numbers.length > 3) process.exit(0);
let best = 0;
for (let run = -1; run < runs; run++) {
    const context = await model.createContext({contextSize: 32 + count + 8, threads});
    let tokens = 0, first = 0;
    for await (const _ of context.getSequence().evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
        first ||= performance.now();
        if (++tokens === count) break;
    }
    const rate = (tokens - 1) * 1e3 / (performance.now() - first);
    if (run >= 0) best = Math.max(best, rate);
    await context.dispose();
}
console.log(JSON.stringify({model: path.basename(file), threads, new: count, decode_tokens_per_s: Math.round(best * 100) / 100}));
process.exit(0);
