package dev.hone.train.cli;

import dev.hone.lora.AdapterFiles;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import dev.hone.train.task.embed.EmbeddingEvaluator;
import dev.hone.train.task.rerank.RerankEvaluator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code hone evaluate} of an embedding model or a reranker, alone or beside another. */
final class EvaluateEmbeddings {
  private static final List<String> OF_OTHERS = List.of("generate", "probe", "max-new-tokens", "stride", "train-on-prompt",
      "swap",
      "predictions", "slice-by", "max-length");

  private EvaluateEmbeddings() {}

  static void run(Arguments arguments, Path model, DataOptions options, Bootstrap bootstrap, Console console) throws IOException {
    for (String flag : OF_OTHERS) {
      if (arguments.has(flag)) {
        throw new UserError("--" + flag + " is for classifiers and language models; this is an embedding model");
      }
    }
    Dataset<Example.Related> rows = Dataset.related(Path.of(arguments.required("data")), options);
    if (!arguments.on("json")) {
      console.note(rows.description());
    }
    EmbeddingEvaluation found = evaluate(arguments, bootstrap, model, arguments.path("adapter"), rows);
    ObjectNode tree = json(found.figures());
    tree.put("measured", found.description());
    if (!arguments.on("json")) {
      found.lines().forEach(console::result);
    }
    if (arguments.has("baseline")) {
      EmbeddingEvaluation before = baseline(arguments, bootstrap, model, rows);
      Map<String, Figure> change = found.change(before);
      if (!arguments.on("json")) {
        console.result("");
        console.result("change from " + arguments.text("baseline") + ", where " + before.main() + " is "
            + String.format(Locale.ROOT, "%.4f", before.figures().get(before.main()).value()));
        EmbeddingEvaluation.table(change, "+").forEach(console::result);
      }
      tree.set("baseline", json(before.figures()));
      tree.set("change", json(change));
    }
    if (arguments.on("json")) {
      console.result(JsonMapper.shared().writeValueAsString(tree));
    }
  }

  private static EmbeddingEvaluation evaluate(Arguments arguments, Bootstrap bootstrap, Path model, Path adapter,
      Dataset<Example.Related> rows) throws IOException {
    if (TaskName.RERANK.word().equals(arguments.text("task"))) {
      return new RerankEvaluator(bootstrap).evaluate(TextReranker.load(model, adapter, QuantFlags.of(arguments)), rows);
    }
    TextEmbedder embedder = TextEmbedder.load(model, adapter, QuantFlags.of(arguments));
    EmbeddingEvaluator evaluator = EmbeddingEvaluator.of(embedder).with(bootstrap);
    return arguments.on("triplets") ? evaluator.triplets(embedder, rows) : evaluator.evaluate(embedder, rows);
  }

  private static EmbeddingEvaluation baseline(Arguments arguments, Bootstrap bootstrap, Path model, Dataset<Example.Related> rows)
      throws IOException {
    String said = arguments.text("baseline");
    if (said.equals("base")) {
      if (!arguments.has("adapter")) {
        throw new UserError("--baseline base compares an adapter with its base; without --adapter name another model or adapter");
      }
      return evaluate(arguments, bootstrap, model, null, rows);
    }
    Path path = Path.of(said);
    if (!Files.isDirectory(path)) {
      throw new UserError("--baseline " + said + ": no such directory; write base, or name an adapter or a model");
    }
    return AdapterFiles.isAdapter(path) ? evaluate(arguments, bootstrap, model, path, rows)
        : evaluate(arguments, bootstrap, path, null, rows);
  }

  private static ObjectNode json(Map<String, Figure> figures) {
    ObjectNode tree = JsonMapper.shared().createObjectNode();
    figures.forEach((name, figure) -> tree.putObject(name).put("value", figure.value()).put("low", figure.low())
        .put("high", figure.high()));
    return tree;
  }
}
