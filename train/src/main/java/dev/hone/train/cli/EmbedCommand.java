package dev.hone.train.cli;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.VectorFile;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes vectors of texts. */
final class EmbedCommand implements Command {
  private static final int CHUNK = 256; // texts between two writes

  @Override
  public String name() {
    return "embed";
  }

  @Override
  public String summary() {
    return "make vectors of texts with an embedding model";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] \"text\"... | --data FILE [--output vectors.npy]   or lines piped in";
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
        Flag.of("data", "FILE", null, "texts, a row each; a .txt: a line each"),
        Flag.of("prompt", "NAME", null, "one of the model's prompts, such as query [its default]"),
        Flag.of("output", "FILE", null, "write the vectors there: .npy (numpy), .f32 (float32, little-endian, row after row) "
        + "or .jsonl"),
        TextRows.KEEP));
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    boolean piped = arguments.free().isEmpty() && !arguments.has("data") && console.in() != null;
    if (arguments.free().isEmpty() != (arguments.has("data") || piped)) {
      throw new UserError("hone embed: give texts, --data FILE, or pipe lines in");
    }
    TextRows<Example.Text> rows = arguments.has("data")
        ? TextRows.of(arguments, options -> Dataset.texts(TextRows.file(arguments), options)) : null;
    List<String> texts = rows != null ? rows.data().map(Example.Text::text) : piped ? lines(console.lines()) : arguments.free();
    if (texts.isEmpty()) {
      throw new UserError("hone embed: there are no texts; give texts, --data FILE, or pipe lines in");
    }
    Path output = arguments.path("output");
    if (output != null) {
      VectorFile.Format.of(output); // an unknown ending fails before the model is read
    }
    TextEmbedder embedder = TextEmbedder.load(ModelArgument.resolve(arguments.required("model"), console),
        ModelArgument.adapter(arguments.text("adapter"), console), QuantFlags.of(arguments));
    if (output != null && VectorFile.Format.of(output) != VectorFile.Format.JSON_LINES) {
      try (VectorFile file = VectorFile.create(output, embedder.dimensions())) {
        for (int from = 0; from < texts.size(); from += CHUNK) {
          file.write(embed(embedder, texts.subList(from, Math.min(texts.size(), from + CHUNK)), arguments.text("prompt")));
        }
      }
    } else {
      StringBuilder all = output == null ? null : new StringBuilder();
      for (int from = 0; from < texts.size(); from += CHUNK) {
        List<String> some = texts.subList(from, Math.min(texts.size(), from + CHUNK));
        List<float[]> vectors = embed(embedder, some, arguments.text("prompt"));
        for (int i = 0; i < some.size(); i++) {
          String line = line(rows, from + i, some.get(i), vectors.get(i));
          if (output == null) {
            console.result(line);
          } else {
            all.append(line).append('\n');
          }
        }
      }
      if (output != null) {
        AtomicFile.writeString(output, all.toString());
      }
    }
    if (output != null) {
      console.note(texts.size() + " vectors of " + embedder.dimensions() + " numbers in " + output);
    }
    return 0;
  }

  private static String line(TextRows<?> rows, int i, String text, float[] vector) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    if (rows != null) {
      rows.put(node, i);
    }
    ArrayNode numbers = node.put("text", text).putArray("embedding");
    for (float number : vector) {
      numbers.add(number);
    }
    return JsonMapper.shared().writeValueAsString(node);
  }

  private static List<float[]> embed(TextEmbedder embedder, List<String> texts, String prompt) {
    return prompt == null ? embedder.embed(texts) : embedder.embed(texts, prompt);
  }

  private static List<String> lines(BufferedReader in) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (!line.isBlank()) {
        lines.add(line);
      }
    }
    return lines;
  }
}
