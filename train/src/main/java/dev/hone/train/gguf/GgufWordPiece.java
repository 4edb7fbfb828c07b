package dev.hone.train.gguf;

import dev.hone.nn.ModelException;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
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

/**
 * BERT's WordPiece as llama.cpp's metadata: words get a sign for the space before them, what goes on loses its {@code ##}. What
 * llama.cpp would do otherwise to usual text is refused.
 */
public final class GgufWordPiece {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String KEY = "tokenizer.ggml.";
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER = 4;
  private static final int UNUSED = 5;

  private final Path directory;
  private final Path path;
  private final JsonNode file;
  private final String[] tokens;
  private final int[] types;
  private final boolean lowercase;
  private final boolean stripAccents;
  private final List<String> warnings = new ArrayList<>();

  /**
   * The tokenizer of a model directory.
   *
   * @param rows of the model's table
   * @throws ModelException if llama.cpp would cut text otherwise
   */
  public GgufWordPiece(Path directory, int rows) throws IOException {
    this.directory = directory;
    path = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(path)) {
      throw new ModelException(directory + ": no tokenizer.json, which an export needs");
    }
    file = JSON.readTree(Files.readAllBytes(path));
    JsonNode model = file.path("model");
    if (!model.path("type").asString("").equals("WordPiece") || !model.path("vocab").isObject()) {
      throw refused("a tokenizer of the kind " + model.path("type").asString("") + " is not exported with an encoder; WordPiece "
          + "is");
    }
    require("continuing_subword_prefix", model.path("continuing_subword_prefix").asString("").equals(GgufWordPieceFile.GOES_ON),
        "what goes on in a word must begin with ##");
    JsonNode normalizer = file.path("normalizer");
    require("normalizer", normalizer.path("type").asString("").equals("BertNormalizer"),
        "llama.cpp does what BertNormalizer does");
    for (String flag : List.of("clean_text", "handle_chinese_chars")) {
      require("normalizer." + flag, normalizer.path(flag).asBoolean(true), "llama.cpp always does so");
    }
    require("pre_tokenizer", file.path("pre_tokenizer").path("type").asString("").equals("BertPreTokenizer"),
        "llama.cpp cuts as BertPreTokenizer does");
    lowercase = normalizer.path("lowercase").asBoolean(true);
    stripAccents = normalizer.path("strip_accents").asBoolean(lowercase);
    tokens = new String[rows];
    types = new int[rows];
    model.get("vocab").properties().forEach(entry -> set(entry.getValue().intValue(), word(entry.getKey()), NORMAL));
    file.path("added_tokens").forEach(this::added);
    Map<String, Integer> first = new HashMap<>();
    for (int id = 0; id < rows; id++) {
      if (tokens[id] == null) {
        set(id, "[PAD" + id + "]", UNUSED);
      }
      Integer other = first.put(tokens[id], id);
      if (other != null) {
        throw refused("the tokens " + other + " and " + id + " are both '" + tokens[id] + "' in a GGUF file, and llama.cpp would "
            + "find the second alone");
      }
    }
    say(model);
  }

  private ModelException refused(String what) {
    return new ModelException(path + ": " + what);
  }

  private void require(String key, boolean same, String why) {
    if (!same) {
      JsonNode value = file;
      for (String name : key.split("\\.")) {
        value = value.path(name).isMissingNode() ? file.path("model").path(name) : value.path(name);
      }
      throw refused("its " + key + " is " + value + ", which GGUF cannot say: " + why);
    }
  }

  private static String word(String token) {
    return token.startsWith(GgufWordPieceFile.GOES_ON) ? token.substring(GgufWordPieceFile.GOES_ON.length())
        : GgufWordPieceFile.SPACE + token;
  }

  private void added(JsonNode token) {
    boolean special = token.path("special").asBoolean();
    String content = token.get("content").stringValue();
    if (token.path("single_word").asBoolean()) {
      throw refused("the added token '" + content + "' has single_word, which GGUF cannot say: llama.cpp finds it within words, "
          + "too");
    }
    set(token.get("id").intValue(), content, special ? CONTROL : USER);
    if (!special && token.path("normalized").asBoolean() && lowercase) {
      warnings.add("the added token '" + content + "' is found in small and large letters here, by llama.cpp as it is written");
    }
  }

  private void set(int id, String token, int type) {
    if (id < 0 || id >= tokens.length) {
      throw new ModelException(directory + ": token '" + token + "' has the id " + id + ", the model has " + tokens.length
          + " rows");
    }
    tokens[id] = token;
    types[id] = type;
  }

  private void say(JsonNode model) {
    if (!lowercase || !stripAccents) {
      warnings.add("letters stay as they are (lowercase " + lowercase + ", strip_accents " + stripAccents + "): builds of "
          + "llama.cpp that do not know tokenizer.ggml.normalizer.lowercase make all small and cut text otherwise");
    }
    if (stripAccents && Arrays.stream(tokens).anyMatch(GgufWordPiece::isStripped)) {
      warnings.add("llama.cpp drops more than accents: of Korean syllables all but the first letter, of Indic scripts vowel "
          + "signs; texts in these are cut otherwise");
    }
    int longest = model.path("max_input_chars_per_word").asInt(GgufWordPieceFile.MAX_WORD);
    if (longest < GgufWordPieceFile.MAX_WORD) {
      warnings.add("words of more than " + longest + " characters are unknown here, llama.cpp cuts them into pieces");
    }
  }

  /** Whether a token has letters of Korean syllables, or marks that take a place of their own. */
  private static boolean isStripped(String token) {
    return token.codePoints().anyMatch(c -> c >= 0x1100 && c <= 0x11FF
        || Character.getType(c) == Character.COMBINING_SPACING_MARK);
  }

  /** The metadata, in the order of llama.cpp's converter. */
  public Map<String, Object> metadata() throws IOException {
    int[] ends = ends();
    Map<String, Object> out = new LinkedHashMap<>();
    out.put(KEY + "model", "bert");
    out.put(KEY + "pre", "bert-bge");
    out.put(KEY + "tokens", Arrays.asList(tokens));
    out.put(KEY + "token_type", types);
    out.put(KEY + "bos_token_id", ends[0]);
    out.put(KEY + "eos_token_id", ends[1]);
    out.put(KEY + "unknown_token_id", unknown());
    out.put(KEY + "seperator_token_id", ends[1]);
    role(out, "padding", "[PAD]");
    role(out, "mask", "[MASK]");
    out.put(KEY + "add_bos_token", true);
    out.put(KEY + "add_eos_token", true);
    out.put(KEY + "add_sep_token", false);
    out.put(KEY + "normalizer.lowercase", lowercase);
    if (stripAccents != lowercase) {
      out.put(KEY + "normalizer.strip_accents", stripAccents);
    }
    return out;
  }

  private int unknown() {
    String token = file.path("model").path("unk_token").asString("[UNK]");
    JsonNode id = file.path("model").path("vocab").path(token);
    if (!id.isNumber()) {
      throw refused("its vocabulary lacks the unknown token '" + token + "'");
    }
    return id.intValue();
  }

  private void role(Map<String, Object> out, String role, String token) {
    for (int id = 0; id < tokens.length; id++) {
      if (types[id] == CONTROL && tokens[id].equals(token)) {
        out.put(KEY + role + "_token_id", id);
      }
    }
  }

  /** The tokens before and behind every text, which llama.cpp puts there whatever a file says. */
  private int[] ends() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(directory);
    int[] whole = tokenizer.encode("a", EncodeOptions.DEFAULT).ids();
    int[] plain = tokenizer.encode("a", EncodeOptions.PLAIN).ids();
    if (whole.length != plain.length + 2 || !Arrays.equals(whole, 1, whole.length - 1, plain, 0, plain.length)) {
      throw refused("its post_processor makes " + Arrays.toString(whole) + " of a text with the tokens " + Arrays.toString(plain)
          + "; llama.cpp puts one token before and one behind it");
    }
    return new int[] {whole[0], whole[whole.length - 1]};
  }

  /** What llama.cpp does otherwise to rare text. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }
}
