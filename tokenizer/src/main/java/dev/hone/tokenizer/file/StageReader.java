package dev.hone.tokenizer.file;

import dev.hone.tokenizer.decoder.ByteFallback;
import dev.hone.tokenizer.decoder.Decoder;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.normalizer.BertNormalizer;
import dev.hone.tokenizer.normalizer.Lowercase;
import dev.hone.tokenizer.normalizer.Nmt;
import dev.hone.tokenizer.normalizer.Normalizer;
import dev.hone.tokenizer.normalizer.Precompiled;
import dev.hone.tokenizer.postprocessor.PostProcessor;
import dev.hone.tokenizer.pretokenizer.BertPreTokenizer;
import dev.hone.tokenizer.pretokenizer.ByteLevel;
import dev.hone.tokenizer.pretokenizer.Metaspace;
import dev.hone.tokenizer.pretokenizer.PreTokenizer;
import dev.hone.tokenizer.pretokenizer.SplitBehavior;
import dev.hone.tokenizer.pretokenizer.UnicodeScripts;
import dev.hone.tokenizer.pretokenizer.Words;
import dev.hone.tokenizer.regex.Literal;
import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.regex.Search;
import dev.hone.tokenizer.text.Excerpt;
import dev.hone.tokenizer.tokens.Part;
import dev.hone.tokenizer.unicode.NormalForm;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import tools.jackson.databind.JsonNode;

/** Reads the stages around the model, one method a kind. */
final class StageReader {
  private static final int VISIBLE_SPACE = 0x2581;

  private final IntPredicate tokens; // the ids that a token has

  StageReader(IntPredicate tokens) {
    this.tokens = tokens;
  }

  /** The stage in a field, or null if the field is absent or null. */
  <T> T optional(String name, Map<String, JsonNode> fields, String field, Function<Json, T> read) {
    JsonNode node = fields.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    return read.apply(new Json(name + ": " + field, node).requireObject());
  }

  Normalizer normalizer(Json json) {
    return switch (json.type()) {
      case "NFC" -> new Normalizer.Form(NormalForm.NFC);
      case "NFD" -> new Normalizer.Form(NormalForm.NFD);
      case "NFKC" -> new Normalizer.Form(NormalForm.NFKC);
      case "NFKD" -> new Normalizer.Form(NormalForm.NFKD);
      case "Lowercase" -> new Lowercase();
      case "Strip" -> new Normalizer.Strip(json.flag("strip_left", true), json.flag("strip_right", true));
      case "StripAccents" -> new Normalizer.StripAccents();
      case "Replace" -> new Normalizer.Replace(search(json), json.string("content"));
      case "Prepend" -> new Normalizer.Prepend(json.string("prepend"));
      case "ByteLevel" -> new Normalizer.ByteLevel();
      case "Nmt" -> new Nmt();
      case "Precompiled" -> precompiled(json);
      case "BertNormalizer" -> new BertNormalizer(json.flag("clean_text", true),
          json.flag("handle_chinese_chars", true),
          json.has("strip_accents") ? json.flag("strip_accents", false) : null, json.flag("lowercase", true));
      case "Sequence" -> new Normalizer.Sequence(json.list("normalizers", this::normalizer));
      default -> throw json.unknownType("a normalizer");
    };
  }

  private static Normalizer precompiled(Json json) {
    try {
      return new Precompiled(Base64.getDecoder().decode(json.string("precompiled_charsmap")),
          json.flag(DefinitionWriter.LONGEST_PREFIX, false));
    } catch (IllegalArgumentException e) {
      throw new TokenizerException(json.where() + ": precompiled_charsmap is not valid base64: " + e.getMessage(), e);
    }
  }

  /** A pattern: {"String": ...} or {"Regex": ...}. */
  private static Search search(Json json) {
    Json pattern = json.object("pattern");
    String literal = pattern.string("String", null);
    // The empty string is found between all characters, as the empty expression is.
    if (literal != null && !literal.isEmpty()) {
      return new Literal(literal);
    }
    try {
      return Scanner.forRegex(literal != null ? "" : pattern.string("Regex"));
    } catch (TokenizerException e) {
      throw new TokenizerException(pattern.where() + ": " + e.getMessage(), e);
    }
  }

  PreTokenizer preTokenizer(Json json) {
    return switch (json.type()) {
      case "BertPreTokenizer" -> new BertPreTokenizer();
      case "ByteLevel" -> new ByteLevel(json.flag("add_prefix_space", true), json.flag("use_regex", true));
      case "Split" -> new PreTokenizer.Split(search(json), behavior(json, null), json.flag("invert", false));
      case "Whitespace" -> new Words();
      case "WhitespaceSplit" -> PreTokenizer.Split.whitespace();
      case "Punctuation" -> PreTokenizer.Split.punctuation(behavior(json, SplitBehavior.ISOLATED));
      case "Digits" -> PreTokenizer.Split.digits(json.flag("individual_digits", false));
      case "CharDelimiterSplit", "Delimiter" -> PreTokenizer.Split.delimiter(json.character("delimiter"));
      case "Metaspace" -> new Metaspace(json.character("replacement", VISIBLE_SPACE), prepend(json),
          json.flag("split", true));
      case "UnicodeScripts" -> new UnicodeScripts();
      case "FixedLength" -> fixedLength(json);
      case "Sequence" -> new PreTokenizer.Sequence(json.list("pretokenizers", this::preTokenizer));
      default -> throw json.unknownType("a pre-tokenizer");
    };
  }

  private static PreTokenizer fixedLength(Json json) {
    int length = json.integer("length", 5, 1, Integer.MAX_VALUE);
    return new PreTokenizer.FixedLength(length);
  }

  private static SplitBehavior behavior(Json json, SplitBehavior absent) {
    if (absent != null && !json.has("behavior")) {
      return absent;
    }
    String name = json.string("behavior");
    return switch (name.replace("_", "").toLowerCase(Locale.ROOT)) {
      case "removed" -> SplitBehavior.REMOVED;
      case "isolated" -> SplitBehavior.ISOLATED;
      case "mergedwithprevious" -> SplitBehavior.MERGED_WITH_PREVIOUS;
      case "mergedwithnext" -> SplitBehavior.MERGED_WITH_NEXT;
      case "contiguous" -> SplitBehavior.CONTIGUOUS;
      default -> throw json.wrong("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
          json.node().get("behavior"));
    };
  }

  /** Both spellings: prepend_scheme, or the older add_prefix_space. */
  private static Metaspace.Prepend prepend(Json json) {
    boolean prefix = json.flag("add_prefix_space", true);
    if (!json.has("prepend_scheme")) {
      return prefix ? Metaspace.Prepend.ALWAYS : Metaspace.Prepend.NEVER;
    }
    Metaspace.Prepend scheme = switch (json.string("prepend_scheme")) {
      case "always" -> Metaspace.Prepend.ALWAYS;
      case "first" -> Metaspace.Prepend.FIRST;
      case "never" -> Metaspace.Prepend.NEVER;
      default -> throw json.wrong("prepend_scheme", "always, first or never", json.node().get("prepend_scheme"));
    };
    return prefix ? scheme : Metaspace.Prepend.NEVER;
  }

  PostProcessor postProcessor(String name, Map<String, JsonNode> fields) {
    PostProcessor read = optional(name, fields, "post_processor", this::postProcessor);
    return read == null ? new PostProcessor.None() : read;
  }

  private PostProcessor postProcessor(Json json) {
    return switch (json.type()) {
      case "TemplateProcessing" -> template(json);
      case "BertProcessing" -> new PostProcessor.Bert(tokenAndId(json, "cls"), tokenAndId(json, "sep"));
      case "RobertaProcessing" -> new PostProcessor.Roberta(tokenAndId(json, "cls"), tokenAndId(json, "sep"),
          json.flag("trim_offsets", true), json.flag("add_prefix_space", true));
      case "ByteLevel" -> new PostProcessor.ByteLevel(json.flag("trim_offsets", true),
          json.flag("add_prefix_space", true));
      case "Sequence" -> new PostProcessor.Sequence(json.list("processors", this::postProcessor));
      default -> throw json.unknownType("a post-processor");
    };
  }

  private Part.Special tokenAndId(Json json, String field) {
    JsonNode pair = json.array(field);
    if (pair.size() != 2 || !pair.get(0).isString() || !pair.get(1).canConvertToInt()) {
      throw json.wrong(field, "[token, id]", pair);
    }
    requireToken(json, field, pair.get(1).intValue());
    return Part.Special.of(pair.get(1).intValue(), pair.get(0).stringValue(), 0);
  }

  /** An id that no token has would end in whatever array a model looks it up in. */
  private void requireToken(Json json, String field, int id) {
    if (!tokens.test(id)) {
      throw new TokenizerException(json.where() + ": field \"" + field + "\" has the id " + id + ", which is no token of the "
          + "vocabulary and none of added_tokens");
    }
  }

  private PostProcessor template(Json json) {
    Map<String, Part.Special> special = new HashMap<>();
    Json known = json.object("special_tokens");
    for (String key : known.node().propertyNames()) {
      Json token = known.object(key);
      int[] ids = token.integers("ids", 0, Integer.MAX_VALUE);
      for (int id : ids) {
        requireToken(token, "ids", id);
      }
      String[] names = token.strings("tokens");
      if (ids.length != names.length) {
        throw new TokenizerException(token.where() + ": " + ids.length + " ids but " + names.length + " tokens");
      }
      special.put(key, new Part.Special(ids, names, 0));
    }
    return new PostProcessor.Template(pieces(json, "single", special), pieces(json, "pair", special));
  }

  private static List<Part> pieces(Json json, String field, Map<String, Part.Special> special) {
    return json.list(field, piece -> {
      if (piece.has("SpecialToken")) {
        Json token = piece.object("SpecialToken");
        Part.Special found = special.get(token.string("id"));
        if (found == null) {
          throw new TokenizerException(token.where() + ": \"" + Excerpt.of(token.string("id"))
              + "\" is not among special_tokens");
        }
        return new Part.Special(found.ids(), found.tokens(), token.integer("type_id", 0, 0, Integer.MAX_VALUE));
      }
      Json sequence = piece.object("Sequence");
      String id = sequence.string("id");
      if (!id.equals("A") && !(id.equals("B") && field.equals("pair"))) {
        throw new TokenizerException(sequence.where() + ": sequence \"" + Excerpt.of(id) + "\" does not exist there");
      }
      return new Part.Sequence(id.equals("A") ? 0 : 1, sequence.integer("type_id", 0, 0, Integer.MAX_VALUE));
    });
  }

  Decoder decoder(Json json) {
    return switch (json.type()) {
      case "ByteLevel" -> new Decoder.ByteLevel();
      case "Metaspace" -> new Decoder.OfMetaspace(json.character("replacement", VISIBLE_SPACE), prepend(json));
      case "ByteFallback" -> new ByteFallback();
      case "Fuse" -> new Decoder.Fuse();
      case "Strip" -> new Decoder.Strip(json.character("content", ' '), json.integer("start", 0, 0, Integer.MAX_VALUE),
          json.integer("stop", 0, 0, Integer.MAX_VALUE));
      case "Replace" -> new Decoder.Replace(search(json), json.string("content"));
      case "CTC" -> new Decoder.Ctc(json.string("pad_token", "<pad>"), json.string("word_delimiter_token", "|"),
          json.flag("cleanup", true));
      case "BPEDecoder" -> new Decoder.Bpe(json.string("suffix", "</w>"));
      case "WordPiece" -> new Decoder.WordPiece(json.string("prefix", "##"), json.flag("cleanup", true));
      case "Sequence" -> new Decoder.Sequence(json.list("decoders", this::decoder));
      default -> throw json.unknownType("a decoder");
    };
  }
}
