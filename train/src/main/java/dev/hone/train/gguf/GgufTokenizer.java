package dev.hone.train.gguf;

import dev.hone.nn.ModelException;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/**
 * A tokenizer as llama.cpp's metadata: byte-level BPE ({@code gpt2}) with a rule of splitting that llama.cpp knows by name, or
 * SentencePiece's BPE ({@code llama}). Others, and unknown rules, are refused: llama.cpp would cut text otherwise.
 */
public final class GgufTokenizer {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private final Path directory;
  private final JsonNode file;
  private final JsonNode settings;
  private final JsonNode config;
  private final String[] tokens;
  private final int[] types;
  private final boolean pieces;
  private final GgufRules rules;

  /**
   * The tokenizer of a model directory.
   *
   * @param rows of the model's table
   * @param stripping whether llama.cpp drops the space behind special tokens, as it does for Phi-3
   * @throws ModelException if llama.cpp would cut text otherwise
   */
  public GgufTokenizer(Path directory, int rows, boolean stripping) throws IOException {
    this.directory = directory;
    Path path = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(path)) {
      throw new ModelException(directory + ": no tokenizer.json, which an export needs");
    }
    file = JSON.readTree(Files.readAllBytes(path));
    settings = read("tokenizer_config.json");
    config = read("config.json");
    JsonNode model = file.path("model");
    if (!model.path("type").asString("BPE").equals("BPE") || !model.path("vocab").isObject()) {
      throw new ModelException(path + ": a tokenizer of the kind " + model.path("type").asString()
          + " is not exported to GGUF; BPE is");
    }
    pieces = model.path("byte_fallback").asBoolean();
    rules = new GgufRules(path, file, pieces, stripping);
    tokens = new String[rows];
    types = new int[rows];
    model.get("vocab").properties().forEach(entry -> set(entry.getKey(), entry.getValue().intValue(), NORMAL));
    for (JsonNode added : file.path("added_tokens")) {
      boolean special = added.path("special").asBoolean();
      String content = added.get("content").stringValue();
      set(pieces && !special ? content.replace('\u2581', ' ') : content, added.get("id").intValue(), special ? CONTROL : USER);
    }
    String unknown = model.path("unk_token").asString("");
    for (int id = 0; id < rows; id++) {
      if (tokens[id] == null) {
        set("[PAD" + id + "]", id, UNUSED);
      } else if (tokens[id].equals(unknown)) {
        types[id] = UNKNOWN;
      } else if (pieces && tokens[id].matches("<0x[0-9A-F]{2}>")) {
        types[id] = BYTE;
      }
    }
  }

  private JsonNode read(String name) throws IOException {
    Path path = directory.resolve(name);
    return Files.isRegularFile(path) ? JSON.readTree(Files.readAllBytes(path)) : MissingNode.getInstance();
  }

  private void set(String token, int id, int type) {
    if (id < 0 || id >= tokens.length) {
      throw new ModelException(directory + ": token '" + token + "' has the id " + id + ", the model has "
          + tokens.length + " rows");
    }
    tokens[id] = token;
    types[id] = type;
  }

  /** The metadata, in the order of llama.cpp's converter. */
  public Map<String, Object> metadata() throws IOException {
    Map<String, Object> out = new LinkedHashMap<>();
    JsonNode model = file.get("model");
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : model.path("merges")) {
      merges.add(merge.isString() ? merge.stringValue() : merge.get(0).stringValue() + " " + merge.get(1).stringValue());
    }
    out.put("tokenizer.ggml.model", pieces ? "llama" : "gpt2");
    out.put("tokenizer.ggml.pre", rules.name());
    out.put("tokenizer.ggml.tokens", Arrays.asList(tokens));
    if (pieces) {
      out.put("tokenizer.ggml.scores", scores(merges));
    }
    out.put("tokenizer.ggml.token_type", types);
    if (!pieces) {
      out.put("tokenizer.ggml.merges", merges);
    }
    for (Map.Entry<String, String> role : List.of(Map.entry("bos", "bos"), Map.entry("eos", "eos"), Map.entry("unk", "unknown"),
        Map.entry("pad", "padding"))) {
      Integer id = id(role.getKey());
      if (id != null) {
        out.put("tokenizer.ggml." + role.getValue() + "_token_id", id);
      }
    }
    List<Integer> others = new ArrayList<>(GenerationSettings.read(directory).endTokens());
    others.remove(id("eos"));
    for (int i = 0; i < Math.min(2, others.size()); i++) {
      out.put("tokenizer.ggml." + (i == 0 ? "eot" : "eom") + "_token_id", others.get(i));
    }
    Ends ends = ends();
    out.put("tokenizer.ggml.add_bos_token", ends.bos);
    if (file.path("post_processor").path("type").asString("").equals("TemplateProcessing")) {
      out.put("tokenizer.ggml.add_sep_token", false);
    }
    out.put("tokenizer.ggml.add_eos_token", ends.eos);
    if (pieces && !rules.spaceFirst()) {
      out.put("tokenizer.ggml.add_space_prefix", false);
    }
    String template = ChatTemplates.read(directory).sources().get("default");
    if (template != null) {
      out.put("tokenizer.chat_template", template);
    }
    return out;
  }

  private record Ends(boolean bos, boolean eos) {}

  /** What is put around a text: the token of its begin, that of its end, or nothing. */
  private Ends ends() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(directory);
    int[] whole = tokenizer.encode("a", EncodeOptions.DEFAULT).ids();
    int[] plain = tokenizer.encode("a", EncodeOptions.PLAIN).ids();
    boolean bos = whole.length > plain.length && Integer.valueOf(whole[0]).equals(id("bos"));
    int from = bos ? 1 : 0;
    boolean eos = whole.length > plain.length + from && Integer.valueOf(whole[whole.length - 1]).equals(id("eos"));
    int to = whole.length - (eos ? 1 : 0);
    if (!Arrays.equals(whole, from, to, plain, 0, plain.length)) {
      throw new ModelException(directory.resolve("tokenizer.json") + ": its post_processor makes " + Arrays.toString(whole)
          + " of a text with the tokens " + Arrays.toString(plain) + "; llama.cpp can put bos_token before and eos_token after "
          + "it, no others");
    }
    return new Ends(bos, eos);
  }

  /** What llama.cpp does otherwise to rare text. */
  public List<String> warnings() {
    return rules.warnings();
  }

  /** A token's id by its role: of the tokenizer's settings, else of config.json. */
  private Integer id(String role) {
    JsonNode named = settings.path(role + "_token");
    String text = named.isObject() ? named.path("content").asString("") : named.asString("");
    for (int id = 0; !text.isEmpty() && id < tokens.length; id++) {
      if (tokens[id].equals(text)) {
        return id;
      }
    }
    JsonNode id = config.path(role + "_token_id");
    JsonNode first = id.isArray() ? id.path(0) : id;
    return first.isNumber() && first.intValue() >= 0 && first.intValue() < tokens.length ? first.intValue() : null;
  }

  /** Minus the number of the first merge that makes a piece: llama.cpp joins those of the highest score first. */
  private float[] scores(List<String> merges) {
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < merges.size(); i++) {
      int space = merges.get(i).indexOf(' ', 1);
      first.putIfAbsent(merges.get(i).substring(0, space) + merges.get(i).substring(space + 1), i);
    }
    float[] scores = new float[tokens.length];
    for (int id = 0; id < scores.length; id++) {
      scores[id] = types[id] != NORMAL ? 0 : -first.getOrDefault(tokens[id], merges.size());
    }
    return scores;
  }
}
