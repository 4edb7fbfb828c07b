package dev.hone.train.cli;

import dev.hone.train.TextClassifier;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Labels texts. */
final class PredictCommand implements Command {
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
    return "--model DIR [--adapter DIR] \"text\"... | --data FILE [--json]";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the base model, or a fully tuned one"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("data", "FILE", null, "texts to label"),
        Flag.toggle("json", "one JSON object per text, with the probabilities of all labels")));
    flags.addAll(TrainCommand.DATA);
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    List<String> texts = new ArrayList<>(arguments.free());
    if (arguments.has("data")) {
      texts.addAll(Dataset.texts(arguments.path("data"), TrainCommand.data(arguments)).rows().stream().map(Example.Text::text).toList());
    }
    if (texts.isEmpty()) {
      throw new UserError("hone predict: nothing to label; give texts or --data FILE");
    }
    TextClassifier classifier = TextClassifier.load(ModelArgument.resolve(arguments.required("model"), console),
        arguments.path("adapter"), QuantFlags.of(arguments));
    List<TextClassifier.Prediction> predictions = classifier.predict(texts);
    List<String> names = classifier.model().labels().names();
    for (int i = 0; i < texts.size(); i++) {
      TextClassifier.Prediction prediction = predictions.get(i);
      if (arguments.on("json")) {
        ObjectNode line = JSON.createObjectNode().put("text", texts.get(i)).put("label", prediction.label())
            .put("probability", prediction.probability());
        ObjectNode all = line.putObject("probabilities");
        for (int j = 0; j < names.size(); j++) {
          all.put(names.get(j), prediction.probabilities()[j]);
        }
        console.result(JSON.writeValueAsString(line));
      } else {
        console.result(String.format(Locale.ROOT, "%s\t%.4f\t%s", prediction.label(), prediction.probability(),
            texts.get(i).replaceAll("[\\t\\n\\r]+", " ")));
      }
    }
    return 0;
  }
}
