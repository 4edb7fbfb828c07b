package dev.hone.train.cli;

import dev.hone.autograd.GradMode;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Compares a model's logits with expected ones. */
final class VerifyCommand implements Command {
  @Override
  public String name() {
    return "verify";
  }

  @Override
  public String summary() {
    return "recompute logits and compare them with those of a safetensors file";
  }

  @Override
  public String usage() {
    return "--model DIR --expected FILE [--adapter DIR [--merge]]   exit code 0 match, 1 no match, 2 cannot be compared";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("model", "DIR", null, "the model's directory"),
        Flag.of("adapter", "DIR", null, "an adapter to put into it"),
        Flag.toggle("merge", "merge the adapter into the weights first"),
        Flag.of("expected", "FILE", null, "safetensors with input_ids, attention_mask, token_type_ids and the logits"),
        Flag.of("logits-key", "NAME", "logits", "the tensor to compare with"),
        Flag.of("tolerance", "X", "2e-5", "largest difference, relative to the largest expected value (at least 1)"),
        Flag.toggle("json", "one JSON object instead of text"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path directory = ModelArgument.resolve(arguments.required("model"), console);
    Path adapter = ModelArgument.adapter(arguments.text("adapter"), console);
    Path file = Path.of(arguments.required("expected"));
    double tolerance = arguments.number("tolerance");
    Safetensors io = Safetensors.open(file);
    String key = arguments.text("logits-key");
    for (String name : List.of("input_ids", key)) {
      if (!io.contains(name)) {
        throw new UserError(file + ": no tensor '" + name + "'; there are: " + String.join(", ", io.names()));
      }
    }
    Tensor expected = io.tensor(key);
    PretrainedModel model = load(directory, adapter, arguments.on("merge"));
    int[] rows = realRows(io);
    TokenBatch batch = batch(io);
    if (batch.longest() > model.config().maxLength()) {
      throw new UserError(file + ": a sequence has " + batch.longest() + " tokens, the model takes "
          + model.config().maxLength());
    }
    float[] actual;
    try (GradMode _ = GradMode.disabled()) {
      actual = model.forward(batch, Pass.inference()).value().toFloatArray();
    }
    float[] wanted = expected.shape().rank() == 3 ? pick(expected, rows) : expected.toFloatArray();
    if (wanted.length != actual.length) {
      throw new UserError(file + ": '" + key + "' is " + expected.shape() + ", " + wanted.length + " values at real tokens; "
          + "the model gives " + actual.length);
    }
    return report(wanted, actual, tolerance, arguments.on("json"), console);
  }

  private static PretrainedModel load(Path directory, Path adapter, boolean merge) {
    if (adapter == null) {
      return new ModelLoader(directory).load();
    }
    PretrainedModel model = AdapterFiles.base(adapter, directory);
    Adapter loaded = AdapterFiles.load(adapter, model);
    if (merge) {
      loaded.merge();
    }
    return model;
  }

  private static int report(float[] wanted, float[] actual, double tolerance, boolean json, Console console) {
    double largest = 1;
    double difference = 0;
    for (int i = 0; i < wanted.length; i++) {
      largest = Math.max(largest, Math.abs(wanted[i]));
      double d = Math.abs((double) wanted[i] - actual[i]);
      difference = d > difference || Double.isNaN(d) ? d : difference;
    }
    boolean match = difference / largest <= tolerance;
    console.result(json
        ? String.format(Locale.ROOT, "{\"match\":%b,\"values\":%d,\"max_abs_difference\":%s,\"relative\":%s,\"tolerance\":%s}",
            match, wanted.length, number(difference), number(difference / largest), number(tolerance))
        : String.format(Locale.ROOT, "%s: %d values, largest difference %s, relative to the largest value %s, tolerance %s",
            match ? "match" : "NO MATCH", wanted.length, number(difference), number(difference / largest),
            number(tolerance)));
    return match ? 0 : 1;
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "null" : String.format(Locale.ROOT, "%.3e", value);
  }

  /** The input without its padding. */
  private static TokenBatch batch(Safetensors io) {
    Tensor ids = io.tensor("input_ids");
    long[] tokens = ids.toLongArray();
    long[] types = io.contains("token_type_ids") ? io.tensor("token_type_ids").toLongArray() : null;
    int width = ids.dim(1);
    List<List<Integer>> rows = new ArrayList<>();
    for (int s = 0; s < ids.dim(0); s++) {
      rows.add(new ArrayList<>());
    }
    for (int row : realRows(io)) {
      rows.get(row / width).add(row);
    }
    List<int[]> sequences = new ArrayList<>();
    List<int[]> segments = types == null ? null : new ArrayList<>();
    for (List<Integer> row : rows) {
      sequences.add(row.stream().mapToInt(i -> (int) tokens[i]).toArray());
      if (types != null) {
        segments.add(row.stream().mapToInt(i -> (int) types[i]).toArray());
      }
    }
    return TokenBatch.of(sequences, segments);
  }

  /** Where the mask leaves tokens, in the padded layout. */
  private static int[] realRows(Safetensors io) {
    int size = (int) io.shape("input_ids").size();
    long[] mask = io.contains("attention_mask") ? io.tensor("attention_mask").toLongArray() : null;
    return IntStream.range(0, size).filter(i -> mask == null || mask[i] != 0).toArray();
  }

  private static float[] pick(Tensor padded, int[] rows) {
    int width = padded.shape().columns();
    float[] all = padded.toFloatArray();
    float[] picked = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(all, rows[i] * width, picked, i * width, width);
    }
    return picked;
  }
}
