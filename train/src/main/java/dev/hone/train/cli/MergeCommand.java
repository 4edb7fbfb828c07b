package dev.hone.train.cli;

import dev.hone.autograd.GradMode;
import dev.hone.core.DType;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.MappedPages;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelWriter;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Writes a model with an adapter in its weights. */
final class MergeCommand implements Command {
  private static final int PROBE = 32;
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*((?i)[KMG]?B|)");

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
    return "--model DIR --adapter DIR --output-dir DIR [--dtype float32|bfloat16|float16] [--load-in-4bit]";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the base model"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("output-dir", "DIR", null, "where the model goes"),
        Flag.of("dtype", "TYPE", null, "how weights are stored [merged ones float32, the others as they are]"),
        Flag.of("max-shard-size", "SIZE", "50GB", "larger weights become several files with an index: 5GB, 500MB, or bytes"),
        Flag.toggle("overwrite", "replace what is in the output directory")));
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    DType dtype = arguments.has("dtype") ? dtype(arguments.text("dtype")) : null;
    long shardBytes = bytes(arguments.text("max-shard-size"));
    Path base = ModelArgument.resolve(arguments.required("model"), console);
    Path directory = ModelArgument.adapter(arguments.required("adapter"), console);
    DType wanted = QuantFlags.of(arguments);
    DType trained = AdapterFiles.quantization(directory);
    PretrainedModel model = AdapterFiles.base(directory, base, wanted);
    Adapter adapter = AdapterFiles.load(directory, model);
    DType held = model.quantization();
    Map<String, Supplier<Tensor>> merges = adapter.merges();
    float[] before = probe(model);
    ModelWriter.write(model, merges, output, held != null && dtype == null ? DType.F32 : dtype, shardBytes);
    Tuning.copyTokenizer(base, output);
    Tuning.copyOwn(directory, output);
    if (TextEmbedder.describes(directory) && Files.isRegularFile(directory.resolve("tokenizer.json"))) {
      TextEmbedder.of(model, directory).saveFiles(output); // what becomes of hidden states
    }
    if (FewShotClassifier.isIn(directory)) {
      Files.copy(directory.resolve(FewShotClassifier.FILE), output.resolve(FewShotClassifier.FILE),
          StandardCopyOption.REPLACE_EXISTING);
    }
    float[] after = probe(PretrainedModel.load(output, model.task()));
    console.note(String.format(Locale.ROOT, "merged %s into %s: answers to %d random tokens changed by at most %.1e of the "
        + "largest%s; written to %s", directory, base, PROBE, difference(before, after),
        dtype == null || dtype == DType.F32 ? "" : ", rounding to " + dtype + " included", output));
    if (held != null) {
      console.note("the adapter went into the numbers that the base's " + QuantFlags.name(held)
          + " codes stand for; nothing is quantised again");
    } else if (trained != null && !QuantFlags.isMade(trained)) {
      console.note("the adapter was trained on a GGUF file in " + trained.torchName() + " and went into the weights of --model "
          + "as they are stored, so that answers differ from those in training; --model FILE.gguf merges into what its codes "
          + "stand for");
    } else if (trained != null) {
      console.note(String.format(Locale.ROOT, "the adapter was trained on a base in %s and went into the weights as they are "
          + "stored: answers differ by up to %.1e of the largest from those in training. --quant-type %s merges into what "
          + "those codes stand for", QuantFlags.name(trained), difference(asTrained(directory, base, trained), after),
          QuantFlags.name(trained)));
    }
    return 0;
  }

  /** The answers with the base that the adapter was trained on. */
  private static float[] asTrained(Path directory, Path base, DType quantized) {
    PretrainedModel model = AdapterFiles.base(directory, base, quantized);
    AdapterFiles.load(directory, model);
    return probe(model);
  }

  /** The largest difference, as a share of the largest magnitude of the first. */
  private static double difference(float[] expected, float[] actual) {
    double largest = Float.MIN_NORMAL;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs((double) expected[i] - actual[i]));
    }
    return difference / largest;
  }

  /** The model's answers to some tokens. */
  private static float[] probe(PretrainedModel model) {
    Philox random = new Philox(1, 1);
    int[] ids = IntStream.range(0, Math.min(PROBE, model.maxLength()))
        .map(i -> random.below(i, model.config().vocabSize())).toArray();
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open(); MappedPages _ = MappedPages.letGo(model)) {
      return model.forward(TokenBatch.of(List.of(ids)), Pass.inference()).value().toFloatArray();
    }
  }

  /** A size as transformers has them: units of a thousand. */
  private static long bytes(String size) {
    Matcher parts = SIZE.matcher(size.strip());
    double bytes = parts.matches() ? Double.parseDouble(parts.group(1)) * switch (parts.group(2).toUpperCase(Locale.ROOT)) {
      case "KB" -> 1e3;
      case "MB" -> 1e6;
      case "GB" -> 1e9;
      default -> 1;
    } : 0;
    if (!(bytes >= 1 && bytes < Long.MAX_VALUE)) {
      throw new UserError("--max-shard-size must be a size such as 5GB, 500MB or 1000000 (bytes), is '" + size + "'");
    }
    return (long) bytes;
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
