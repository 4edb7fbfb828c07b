package dev.hone.train.cli;

import dev.hone.core.Device;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.run.DeviceFlag;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Labels texts. */
final class PredictCommand implements Command {
  private static final int CHUNK = 256; // texts between two lines of output
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Override
  public String name() {
    return "predict";
  }

  @Override
  public String summary() {
    return "label texts with a tuned classifier";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] \"text\"... | --data FILE [--json]   or lines piped in";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the base model, or a fully tuned one"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("data", "FILE", null, "texts to label"),
        TextRows.KEEP,
        Flag.toggle("json", "one JSON object per text, with the probabilities of all labels")));
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    flags.addAll(DeviceFlag.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    boolean piped = arguments.free().isEmpty() && !arguments.has("data") && console.in() != null;
    if (arguments.free().isEmpty() && !arguments.has("data") && !piped) {
      throw new UserError("hone predict: nothing to label; give texts, --data FILE, or pipe lines in");
    }
    if (!arguments.free().isEmpty() && arguments.has("data")) {
      throw new UserError("hone predict: give texts or --data, not both");
    }
    TextRows<Example.Text> rows = arguments.has("data")
        ? TextRows.of(arguments, options -> Dataset.texts(TextRows.file(arguments), options)) : null;
    Lines lines = lines(ModelArgument.resolve(arguments.required("model"), console),
        ModelArgument.adapter(arguments.text("adapter"), console), arguments, console);
    if (rows != null) {
      for (int from = 0; from < rows.data().size(); from += CHUNK) {
        int first = from;
        List<String> texts = rows.data().rows().subList(from, Math.min(rows.data().size(), from + CHUNK)).stream()
            .map(Example.Text::text).toList();
        lines.show(texts, (i, node) -> rows.put(node, first + i), i -> rows.cells(first + i));
      }
    } else if (piped) {
      predictPiped(console.lines(), lines);
    } else {
      lines.show(arguments.free(), (_, _) -> { }, _ -> "");
    }
    return 0;
  }

  private static Lines lines(Path model, Path adapter, Arguments arguments, Console console) throws IOException {
    if (FewShotClassifier.isIn(adapter == null ? model : adapter)) {
      DeviceFlag.refuse(arguments, "few-shot classifiers");
      FewShotClassifier classifier = FewShotClassifier.load(model, adapter);
      return new Lines(classifier::predict, classifier.labels(), arguments.on("json"), console);
    }
    Device device = DeviceFlag.of(arguments, console);
    TextClassifier classifier = TextClassifier.load(model, adapter, QuantFlags.of(arguments));
    classifier.model().to(device);
    return new Lines(classifier::predict, classifier.model().labels().names(), arguments.on("json"), console);
  }

  /** Lines are answered as they come, as many at once as are there; empty ones get no answer. */
  private static void predictPiped(BufferedReader in, Lines lines) throws IOException {
    int number = 0;
    int texts = 0;
    List<String> waiting = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      number++;
      if (!line.isBlank()) {
        waiting.add(line);
        numbers.add(number);
        texts++;
      }
      if (waiting.size() == CHUNK || !in.ready()) {
        List<Integer> shown = List.copyOf(numbers);
        lines.show(waiting, (i, node) -> node.put("line", shown.get(i)), _ -> "");
        waiting.clear();
        numbers.clear();
      }
    }
    if (texts == 0) {
      throw new UserError("hone predict: nothing to label; give texts, --data FILE, or pipe lines in");
    }
  }

  /** Writes a line for each text. */
  private record Lines(Function<List<String>, List<TextClassifier.Prediction>> classifier, List<String> names, boolean json,
      Console console) {
    /**
     * Predicts and writes.
     *
     * @param head puts what identifies a text into its object
     * @param cells what identifies a text, before its label
     */
    void show(List<String> texts, Head head, IntFunction<String> cells) {
      List<TextClassifier.Prediction> predictions = classifier.apply(texts);
      for (int i = 0; i < texts.size(); i++) {
        TextClassifier.Prediction prediction = predictions.get(i);
        if (json) {
          ObjectNode line = JSON.createObjectNode();
          head.accept(i, line);
          line.put("text", texts.get(i)).put("label", prediction.label()).put("probability", prediction.probability());
          ObjectNode all = line.putObject("probabilities");
          for (int j = 0; j < names.size(); j++) {
            all.put(names.get(j), prediction.probabilities()[j]);
          }
          console.result(JSON.writeValueAsString(line));
        } else {
          console.result(String.format(Locale.ROOT, "%s%s\t%.4f\t%s", cells.apply(i), prediction.label(),
              prediction.probability(),
              TextRows.oneLine(texts.get(i))));
        }
      }
    }
  }

  /** Puts something of a text into its object. */
  @FunctionalInterface
  private interface Head {
    void accept(int i, ObjectNode node);
  }
}
