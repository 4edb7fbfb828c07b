package dev.hone.train.source;

import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tokenizer of a BERT from an artifact, as the two files of a Hugging Face directory. Truncation and padding to a fixed
 * length, which such files may ask for, are switched off: how long texts may be is for training to say, and
 * padding does not exist here.
 */
final class TokenizerFiles {
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final Map<String, String> SPECIAL = Map.of("unk_token", "[UNK]", "sep_token", "[SEP]", "pad_token", "[PAD]",
      "cls_token", "[CLS]", "mask_token", "[MASK]");

  private final ModelReference.MavenArtifact artifact;
  private final Path file;

  TokenizerFiles(ModelReference.MavenArtifact artifact, Path file) {
    this.artifact = artifact;
    this.file = file;
  }

  /** Writes {@code tokenizer.json} and {@code tokenizer_config.json}. */
  void writeTo(Path directory, Map<String, Object> config) throws IOException {
    ObjectNode tokenizer = read();
    int pieces = tokenizer.path("model").path("vocab").size();
    int rows = (Integer) config.get("vocab_size");
    if (pieces < 1 || pieces > rows) {
      throw new ModelReferenceException(artifact + ": its tokenizer has " + pieces + " word pieces, its model embeds " + rows);
    }
    tokenizer.putNull("truncation");
    tokenizer.putNull("padding");
    AtomicFile.writeString(directory.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer) + "\n");
    ObjectNode settings = JSON.createObjectNode();
    settings.put("tokenizer_class", "BertTokenizer");
    settings.put("model_max_length", (Integer) config.get("max_position_embeddings"));
    settings.put("do_lower_case", tokenizer.path("normalizer").path("lowercase").asBoolean(false));
    SPECIAL.entrySet().stream().sorted(Map.Entry.comparingByKey())
        .filter(special -> tokenizer.path("model").path("vocab").has(special.getValue()))
        .forEach(special -> settings.put(special.getKey(), special.getValue()));
    AtomicFile.writeString(directory.resolve("tokenizer_config.json"), JSON.writeValueAsString(settings) + "\n");
  }

  private ObjectNode read() throws IOException {
    JsonNode tokenizer;
    try {
      tokenizer = JSON.readTree(file.toFile());
    } catch (JacksonException e) {
      throw new ModelReferenceException(artifact + ": its tokenizer.json is not valid JSON: "
          + e.getOriginalMessage().lines().findFirst().orElse(""), e);
    }
    if (tokenizer instanceof ObjectNode object && object.path("model").path("type").asString("").equals("WordPiece")) {
      return object;
    }
    throw new ModelReferenceException(artifact + ": its tokenizer.json is not a WordPiece tokenizer");
  }
}
