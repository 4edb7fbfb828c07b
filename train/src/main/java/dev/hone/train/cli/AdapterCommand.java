package dev.hone.train.cli;

import dev.hone.core.DType;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.Adapters;
import dev.hone.lora.Combination;
import dev.hone.lora.MlxAdapter;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.run.MethodFlags;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Says what an adapter is, makes one of several, or another form of one. */
final class AdapterCommand implements Command {
  private static final int WIDTH = 100; // columns of a list

  @Override
  public String name() {
    return "adapter";
  }

  @Override
  public String summary() {
    return "say what an adapter is (info), make one of several (combine), or turn MLX's form into PEFT's and back (convert)";
  }

  @Override
  public String usage() {
    return "info --adapter DIR [--model DIR] | combine --model DIR --adapters DIR,DIR --weights X,X --output-dir DIR"
        + " | convert --adapter DIR --output-dir DIR";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("adapter", "DIR", null, "info, convert: the adapter"),
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the base model; info checks that the adapter fits it"),
        Flag.of("adapters", "DIR,DIR", null, "combine: LoRA adapters of that base"),
        Flag.of("weights", "X,X", null, "combine: the weight of each; may be negative"),
        Flag.of("combination-type", "cat|linear|svd", "cat", "combine: cat is the exact weighted sum of the changes"),
        Flag.of("svd-rank", "N", "0", "combine: rank of svd; 0 for the largest of the adapters"),
        Flag.of("output-dir", "DIR", null, "combine, convert: where the new adapter goes"),
        Flag.toggle("overwrite", "combine, convert: replace what is in the output directory"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    String what = arguments.free().size() == 1 ? arguments.free().getFirst() : "";
    switch (what) {
      case "info" -> info(arguments, console);
      case "combine" -> combine(arguments, console);
      case "convert" -> convert(arguments, console);
      default -> throw new UserError("hone adapter " + String.join(" ", arguments.free()) + ": say info, combine or convert");
    }
    return 0;
  }

  private static void info(Arguments arguments, Console console) throws IOException {
    Path directory = ModelArgument.adapter(arguments.required("adapter"), console);
    AdapterConfig config = AdapterFiles.config(directory);
    Map<String, Long> sizes = AdapterFiles.sizes(directory);
    console.result(directory + "\n");
    line(console, "method", config.peftType());
    line(console, "base", AdapterFiles.baseModel(directory));
    DType quantized = AdapterFiles.quantization(directory);
    line(console, "base held in", quantized == null ? "" : QuantFlags.name(quantized));
    Task task = AdapterFiles.task(directory);
    line(console, "task", task == null ? "" : task.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    Labels labels = AdapterFiles.labels(directory);
    line(console, "labels", labels == null ? "" : String.join(", ", labels.names()));
    AdapterSettings.of(config).forEach((name, value) -> line(console, name, value));
    line(console, "tensors", String.format(Locale.ROOT, "%d with %,d numbers", sizes.size(),
        sizes.values().stream().mapToLong(Long::longValue).sum()));
    if (arguments.has("model")) {
      Path base = ModelArgument.resolve(arguments.required("model"), console);
      Adapter adapter = AdapterFiles.load(directory, AdapterFiles.base(directory, base));
      console.result("\nfits " + arguments.text("model") + ": " + adapter.parameters().size() + " of " + sizes.size()
          + " tensors in place");
      console.result(adapter.summary());
    }
  }

  private static void line(Console console, String name, String value) {
    if (value == null || value.isEmpty()) {
      return;
    }
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "  %-22s ", name));
    int begin = line.length();
    for (String item : value.split("(?<=, )")) { // long lists of names go on below their beginning
      if (line.length() > begin && line.length() + item.stripTrailing().length() > WIDTH) {
        console.result(line.toString().stripTrailing());
        line.setLength(0);
        line.repeat(' ', begin);
      }
      line.append(item);
    }
    console.result(line.toString());
  }

  private static void combine(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    arguments.required("adapters");
    arguments.required("weights");
    List<String> directories = arguments.list("adapters");
    double[] weights = arguments.list("weights").stream().mapToDouble(AdapterCommand::weight).toArray();
    if (directories.size() < 2 || directories.size() != weights.length) {
      throw new UserError("hone adapter combine: " + directories.size() + " --adapters and " + weights.length
          + " --weights; give at least two, and one weight for each");
    }
    Combination how = MethodFlags.word(arguments, "combination-type", Combination.values());
    PretrainedModel model = AdapterFiles.base(Path.of(directories.getFirst()),
        ModelArgument.resolve(arguments.required("model"), console));
    Adapters adapters = new Adapters(model);
    List<String> names = new ArrayList<>();
    for (String directory : directories) {
      String name = names.contains(directory) ? directory + " again" : directory;
      adapters.load(name, Path.of(directory));
      names.add(name);
    }
    Adapter combined = adapters.combine("combined", names, weights, how, arguments.integer("svd-rank"));
    AdapterFiles.save(combined, output, AdapterFiles.baseModel(Path.of(directories.getFirst())));
    console.note("combined " + directories.size() + " adapters (" + arguments.text("combination-type") + ") into " + output);
  }

  private static void convert(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    Path adapter = ModelArgument.adapter(arguments.required("adapter"), console);
    boolean mlx = MlxAdapter.isMlx(adapter);
    if (mlx) {
      MlxAdapter.toPeft(adapter, output);
    } else {
      MlxAdapter.fromPeft(adapter, output);
    }
    console.note("converted " + adapter + ", an adapter of " + (mlx ? "MLX, to PEFT's form" : "PEFT, to MLX's form") + " in "
        + output);
  }

  private static double weight(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new UserError("--weights must be numbers, '" + text + "' is not");
    }
  }
}
