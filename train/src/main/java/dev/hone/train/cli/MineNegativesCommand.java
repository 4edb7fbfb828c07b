package dev.hone.train.cli;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.embed.NegativeMiner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Finds texts that are near an anchor and do not belong to it. */
final class MineNegativesCommand implements Command {
  @Override
  public String name() {
    return "mine-negatives";
  }

  @Override
  public String summary() {
    return "find hard negatives for rows of texts that belong together";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] --data pairs.jsonl --output mined.jsonl [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the embedding model that finds them"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("data", "FILE", null, "rows of an anchor and a positive"),
        Flag.of("corpus", "FILE", null, "texts that negatives are taken from as well [all positives and negatives of --data]"),
        Flag.of("output", "FILE", null, "JSON lines of anchor, positive and negatives, for hone train --task embed"),
        Flag.of("negatives", "N", "3", "negatives of a row"),
        Flag.of("skip", "N", "0", "how many of the nearest are left out, which often belong to the anchor after all"),
        Flag.of("max-ratio", "X", "0.95", "left out are texts whose cosine is more than this share of the positive's")));
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output"));
    NegativeMiner miner = new NegativeMiner(arguments.integer("negatives"), arguments.integer("skip"), arguments.number(
        "max-ratio"));
    Dataset<Example.Related> rows = Dataset.related(Path.of(arguments.required("data")), TrainFlags.data(arguments));
    if (rows.row(0).label() != null || !Double.isNaN(rows.row(0).score())) {
      throw new UserError(rows.source() + ": negatives are found for rows of an anchor and a positive, and these have "
          + (rows.row(0).label() != null ? "labels" : "scores"));
    }
    console.note(rows.description());
    List<String> corpus = arguments.has("corpus") ? Dataset.texts(arguments.path("corpus"), TrainFlags.data(arguments)
        .withColumns("")).map(Example.Text::text) : List.of();
    TextEmbedder embedder = TextEmbedder.load(ModelArgument.resolve(arguments.required("model"), console),
        ModelArgument.adapter(arguments.text("adapter"), console), QuantFlags.of(arguments));
    NegativeMiner.Mined mined = miner.mine(embedder, rows, corpus);
    StringBuilder lines = new StringBuilder();
    for (Example.Related row : mined.rows()) {
      ObjectNode node = JsonMapper.shared().createObjectNode().put("anchor", row.texts().get(0)).put("positive", row.texts()
          .get(1));
      row.texts().subList(2, row.texts().size()).forEach(node.putArray("negatives")::add);
      lines.append(JsonMapper.shared().writeValueAsString(node)).append('\n');
    }
    AtomicFile.writeString(output, lines.toString());
    console.result(String.format(Locale.ROOT, "%d negatives of %d rows in %s; %d rows got fewer than %d; mean cosine with the "
        + "anchor "
        + "%.3f, of positives %.3f", mined.negatives(), rows.size(), output, mined.fewer(), arguments.integer("negatives"),
        mined.cosine(), mined.positiveCosine()));
    return 0;
  }
}
