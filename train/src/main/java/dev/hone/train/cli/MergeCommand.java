package dev.hone.train.cli;

import dev.hone.autograd.GradMode;
import dev.hone.core.DType;
import dev.hone.core.Scope;
import dev.hone.core.random.Philox;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Writes a model with an adapter in its weights. */
final class MergeCommand implements Command {
  private static final int PROBE = 32;

  @Override
  public String name() {
    return "merge";
  }

  @Override
  public String summary() {
    return "write a model with an adapter merged into its weights";
  }

  @Override
  public String usage() {
    return "--model DIR --adapter DIR --output-dir DIR [--dtype float32|bfloat16|float16]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the base model"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("output-dir", "DIR", null, "where the model goes"),
        Flag.of("dtype", "TYPE", null, "how weights are stored [merged ones float32, the others as they are]"),
        Flag.toggle("overwrite", "replace what is in the output directory"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    DType dtype = arguments.has("dtype") ? dtype(arguments.text("dtype")) : null;
    Path base = ModelArgument.resolve(arguments.required("model"), console);
    Path directory = Path.of(arguments.required("adapter"));
    PretrainedModel model = AdapterFiles.base(directory, base);
    Adapter adapter = AdapterFiles.load(directory, model);
    float[] before = probe(model);
    adapter.merge();
    float[] after = probe(model);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < before.length; i++) {
      largest = Math.max(largest, Math.abs(before[i]));
      difference = Math.max(difference, Math.abs((double) before[i] - after[i]));
    }
    model.save(output, dtype);
    Path tokenizer = base.resolve("tokenizer.json");
    if (Files.isRegularFile(tokenizer)) {
      Files.copy(tokenizer, output.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
    }
    Tuning.copyCompanions(base, output);
    console.note(String.format(Locale.ROOT, "merged %s into %s: answers to %d random tokens changed by at most %.1e of the "
        + "largest%s; written to %s", directory, base, PROBE, difference / Math.max(largest, Float.MIN_NORMAL),
        dtype == null || dtype == DType.F32 ? "" : ", before rounding to " + dtype, output));
    return 0;
  }

  /** The model's answers to some tokens. */
  private static float[] probe(PretrainedModel model) {
    Philox random = new Philox(1, 1);
    int[] ids = IntStream.range(0, Math.min(PROBE, model.maxLength()))
        .map(i -> random.below(i, model.config().vocabSize())).toArray();
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      return model.forward(TokenBatch.of(List.of(ids)), Pass.inference()).value().toFloatArray();
    }
  }

  private static DType dtype(String name) {
    return switch (name) {
      case "float32", "f32" -> DType.F32;
      case "bfloat16", "bf16" -> DType.BF16;
      case "float16", "f16" -> DType.F16;
      default -> throw new UserError("--dtype must be float32, bfloat16 or float16, is '" + name + "'");
    };
  }
}
