package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;

/** Puts documents in the order in which they fit a query. */
final class RerankCommand implements Command {
  @Override
  public String name() {
    return "rerank";
  }

  @Override
  public String summary() {
    return "put documents in the order in which they fit a query";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] --query TEXT \"document\"... | --data FILE [--top N] [--json]";
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
        Flag.of("query", "TEXT", null, "what documents are to fit"),
        Flag.of("data", "FILE", null, "documents, a row each"),
        Flag.of("top", "N", null, "show so many of the best [all]"),
        Flag.toggle("json", "one JSON object per document")));
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    if (arguments.free().isEmpty() != arguments.has("data")) {
      throw new UserError("hone rerank: give documents or --data FILE, one of the two");
    }
    String query = arguments.required("query");
    List<String> documents = arguments.has("data")
        ? Dataset.texts(arguments.path("data"), TrainFlags.data(arguments)).map(Example.Text::text) : arguments.free();
    TextReranker reranker = TextReranker.load(ModelArgument.resolve(arguments.required("model"), console),
        ModelArgument.adapter(arguments.text("adapter"), console), QuantFlags.of(arguments));
    int most = arguments.has("top") ? arguments.integer("top") : documents.size();
    for (TextReranker.Ranked ranked : reranker.rerank(query, documents).stream().limit(most).toList()) {
      String document = documents.get(ranked.document());
      console.result(arguments.on("json") ? JsonMapper.shared().writeValueAsString(JsonMapper.shared().createObjectNode()
          .put("document", ranked.document()).put("score", ranked.probability()).put("logit", ranked.logit()).put("text",
          document))
          : String.format(Locale.ROOT, "%.4f\t%s", ranked.probability(), TextRows.oneLine(document)));
    }
    return 0;
  }
}
