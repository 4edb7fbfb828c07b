package dev.hone.train.cli;

import dev.hone.nn.Task;
import dev.hone.nn.gguf.GgufType;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.export.ExportGguf;
import dev.hone.train.export.ExportGgufEmbedder;
import dev.hone.train.export.ExportOnnx;
import dev.hone.train.gguf.GgufDirectory;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes a model in a format of other programs. */
final class ExportCommand implements Command {
  @Override
  public String name() {
    return "export";
  }

  @Override
  public String summary() {
    return "write a model, with an adapter merged, for other programs: onnx, gguf";
  }

  @Override
  public String usage() {
    return "onnx|gguf --model DIR [--adapter DIR] --output-dir DIR [--dtype TYPE]";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the model"),
        Flag.of("adapter", "DIR", null, "an adapter, which is merged into the weights first"),
        Flag.of("output-dir", "DIR", null, "where the file and the tokenizer go"),
        Flag.of("dtype", "TYPE", null, "how matrices are stored. onnx: float32 [usual] or int8 with a scale a row; "
            + "gguf: f32, f16 [usual, or what a --model FILE.gguf has], bf16, q8_0, q6_k, q5_k_m, q4_k_m or q4_0"),
        Flag.toggle("lora", "gguf: the adapter by itself, a LoRA, not merged: for --lora of llama.cpp or ADAPTER of Ollama"),
        Flag.toggle("overwrite", "replace what is in the output directory"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    if (!arguments.free().equals(List.of("onnx")) && !arguments.free().equals(List.of("gguf"))) {
      throw new UserError("hone export: say onnx or gguf" + (arguments.free().isEmpty() ? "" : ", not " + arguments.free()));
    }
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    String dtype = arguments.has("dtype") ? arguments.text("dtype") : null;
    String given = arguments.required("model");
    Path adapter = arguments.has("adapter") ? Path.of(arguments.text("adapter")) : null;
    if (arguments.on("lora")) {
      lora(arguments, given, adapter, output, console);
    } else if (arguments.free().equals(List.of("onnx"))) {
      onnx(given, adapter, output, dtype == null ? "float32" : dtype, console);
    } else {
      gguf(given, adapter, output, dtype, console);
    }
    return 0;
  }

  private static void lora(Arguments arguments, String model, Path adapter, Path output, Console console) throws IOException {
    if (adapter == null || arguments.has("dtype") || !arguments.free().equals(List.of("gguf"))) {
      throw new UserError("--lora writes an adapter as GGUF: it needs --adapter, and takes no --dtype, for it is stored "
          + "in 32 bits");
    }
    Path base = ModelArgument.resolve(model, console::note);
    Files.createDirectories(output);
    Path file = output.resolve("adapter.gguf");
    ExportGguf.writeLora(base, adapter, file, adapter.toAbsolutePath().normalize().getFileName().toString());
    console.note(file + ": the adapter alone; give it to llama.cpp with the GGUF file of the model that it was trained on");
  }

  private static void onnx(String model, Path adapter, Path output, String dtype, Console console) throws IOException {
    if (!dtype.equals("float32") && !dtype.equals("int8")) {
      throw new UserError("--dtype of onnx must be float32 or int8, is '" + dtype + "'");
    }
    Path base = ModelArgument.resolve(model, console::note);
    ExportOnnx.Result result = ExportOnnx.write(base, adapter, output, dtype.equals("int8"), Version.OF_HONE);
    console.note(String.format(Locale.ROOT, "%s: %s; read again and computed in 64 bits, its answers to random tokens "
        + "differ from the model's by at most %.1e of the largest", result.file(), result.task() == Task.EMBEDDING
        ? "last_hidden_state [batch, tokens, width], to be pooled by whoever loads it" : "logits [batch, labels]",
        result.difference()));
  }

  private static void gguf(String model, Path adapter, Path output, String dtype, Console console) throws IOException {
    Path base = ModelArgument.resolve(model, console::note);
    boolean kept = dtype == null && GgufDirectory.isWhole(base);
    String named = dtype != null ? dtype : kept ? "merged" : "f16";
    GgufType type = kept ? null : switch (named) {
      case "f32" -> GgufType.F32;
      case "f16" -> GgufType.F16;
      case "bf16" -> GgufType.BF16;
      case "q8_0" -> GgufType.Q8_0;
      case "q4_0" -> GgufType.Q4_0;
      case "q4_k_m" -> GgufType.Q4_K;
      case "q5_k_m" -> GgufType.Q5_K;
      case "q6_k" -> GgufType.Q6_K;
      default -> throw new UserError("--dtype of gguf must be f32, f16, bf16, q8_0, q6_k, q5_k_m, q4_k_m or q4_0, is '" + dtype
          + "'");
    };
    Files.createDirectories(output);
    String name = base.toAbsolutePath().normalize().getFileName().toString();
    Path file = output.resolve("model-" + named + ".gguf");
    if (ExportGgufEmbedder.takes(base)) {
      embedder(ExportGgufEmbedder.write(base, adapter, file, type, name), console);
    } else {
      decoder(ExportGguf.write(base, adapter, file, type, name), console);
    }
    console.note("For Ollama: ollama create NAME -f " + output.resolve(ExportGguf.MODELFILE));
  }

  private static void embedder(ExportGgufEmbedder.Result result, Console console) {
    result.warnings().forEach(console::note);
    console.note(String.format(Locale.ROOT, "%s: read again, weights differ from the model's by at most %.1e of the largest of "
        + "their block, vectors of six texts by at most %.1e a number (smallest cosine %.7f)", result.file(), result.rounding(),
        result.difference(), result.cosine()));
  }

  private static void decoder(ExportGguf.Result result, Console console) {
    result.warnings().forEach(console::note);
    console.note(String.format(Locale.ROOT, "%s: read again, weights differ from the model's by at most %.1e of the largest of "
        + "their block, log probabilities of 64 random tokens by at most %.2g (perplexity %.5g, the model's %.5g)", result.file(),
        result.rounding(), result.logProbability(), result.perplexityRead(), result.perplexity()));
  }
}
