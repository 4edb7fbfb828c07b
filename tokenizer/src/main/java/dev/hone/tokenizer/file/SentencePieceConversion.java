package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.file.PieceMerges.Merge;
import dev.hone.tokenizer.file.SentencePieceFile.Kind;
import dev.hone.tokenizer.file.SentencePieceFile.Piece;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns a SentencePiece model into stages: its normaliser's settings say how text is prepared; which special tokens go around it
 * is a rule of the model's family.
 */
final class SentencePieceConversion {
  private static final char VISIBLE_SPACE = '\u2581';
  private static final Set<String> OTHER_RULES = Set.of("albert", "xlnet", "camembert", "mbart", "mbart50", "nllb", "m2m100",
      "pegasus", "debertav2", "bigbird", "reformer", "rembert", "barthez", "xglm", "marian", "fnet", "plbart", "speech2text");

  private final SentencePieceFile model;
  private final DirectorySettings settings;
  private final String where;
  private final boolean fairseq;
  private final List<String> tokens = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private final List<Kind> kinds = new ArrayList<>();
  private final DefinitionWriter out = new DefinitionWriter();

  SentencePieceConversion(SentencePieceFile model, DirectorySettings settings, String where) {
    this.model = model;
    this.settings = settings;
    this.where = where;
    this.fairseq = settings.family().equals("xlmroberta");
    if (OTHER_RULES.contains(settings.family())) {
      throw new TokenizerException(where + ": tokenizers of the family \"" + settings.family()
          + "\" follow rules that a SentencePiece model does not state; save the tokenizer as tokenizer.json");
    }
  }

  byte[] json() {
    pieces();
    switch (model.modelType) {
      case SentencePieceFile.UNIGRAM -> unigram();
      case SentencePieceFile.BPE -> bpe();
      default -> throw new TokenizerException(where + ": SentencePiece model type " + model.modelType
          + " is not supported, only Unigram (1) and BPE (2)");
    }
    addedTokens();
    out.normalizers(normalizers());
    out.decoders(DefinitionWriter.sentencePieceDecoders(model.addDummyPrefix));
    around();
    return out.bytes();
  }

  /** XLM-RoBERTa's ids are fairseq's: four special tokens, then the pieces behind the model's own three, then the mask. */
  private void pieces() {
    List<Piece> pieces = model.pieces;
    if (fairseq) {
      for (String special : List.of("<s>", "<pad>", "</s>")) {
        add(special, 0, Kind.CONTROL);
      }
      add("<unk>", 0, Kind.UNKNOWN);
      pieces = pieces.subList(Math.min(3, pieces.size()), pieces.size());
    }
    pieces.forEach(piece -> add(piece.text(), piece.score(), piece.kind()));
    if (fairseq) {
      add("<mask>", 0, Kind.CONTROL);
    }
  }

  private void add(String text, float score, Kind kind) {
    tokens.add(text);
    scores.add(score);
    kinds.add(kind);
  }

  private int unknownId() {
    return kinds.indexOf(Kind.UNKNOWN);
  }

  private boolean bytes() {
    return model.byteFallback || kinds.contains(Kind.BYTE);
  }

  /** Text is not cut at its spaces first: sums of 32 bits are those of the whole text. */
  private void unigram() {
    out.unigram(tokens, scores, unknownId(), bytes());
  }

  private void bpe() {
    // The highest score first; of the ways to make one piece the one with the longest left part, as transformers has it.
    Comparator<Merge> order = Comparator.<Merge, Float>comparing(merge -> scores.get(merge.token())).reversed()
        .thenComparing(Comparator.comparing(Merge::leftLength).reversed())
        .thenComparing(Comparator.comparing(Merge::rightLength).reversed());
    List<String> merges = PieceMerges.of(tokens, order,
        id -> kinds.get(id) == Kind.NORMAL || kinds.get(id) == Kind.USER_DEFINED || kinds.get(id) == Kind.UNUSED, where);
    int unknown = unknownId();
    out.bpe(tokens, merges, unknown < 0 ? null : tokens.get(unknown), null, true, bytes(), false);
  }

  private void addedTokens() {
    JsonMapper json = new JsonMapper();
    Set<String> done = settings.addTokens(out, tokens, Map.of());
    for (int id = 0; id < tokens.size(); id++) {
      Kind kind = kinds.get(id);
      if (done.contains(tokens.get(id))) {
        continue;
      }
      if (kind == Kind.CONTROL || kind == Kind.UNKNOWN) {
        out.addSpecialToken(id, tokens.get(id));
      }
      if (kind == Kind.USER_DEFINED) {
        out.addToken(id, tokens.get(id), json.createObjectNode());
      }
    }
  }

  private List<ObjectNode> normalizers() {
    List<ObjectNode> steps = new ArrayList<>();
    if (model.charsmap.length > 0) {
      steps.add(DefinitionWriter.type("Precompiled")
          .put("precompiled_charsmap", Base64.getEncoder().encodeToString(model.charsmap))
          .put(DefinitionWriter.LONGEST_PREFIX, true));
    }
    if (model.removeExtraWhitespaces) {
      steps.add(DefinitionWriter.replace("Regex", "\\A +| +\\z", "")); // no other white space
      steps.add(DefinitionWriter.replace("Regex", " {2,}", " "));
    }
    if (model.addDummyPrefix) {
      String prefix = model.escapeWhitespaces ? String.valueOf(VISIBLE_SPACE) : " ";
      steps.add(DefinitionWriter.type("Prepend").put("prepend", prefix));
    }
    if (model.escapeWhitespaces) {
      steps.add(DefinitionWriter.replace("String", " ", String.valueOf(VISIBLE_SPACE)));
    }
    return steps;
  }

  /** The special tokens around a text. */
  private void around() {
    String family = settings.family();
    boolean t5 = family.endsWith("t5");
    boolean usual = family.contains("llama") || family.startsWith("gemma") || family.contains("mistral");
    boolean bos = settings.flag("add_bos_token", usual);
    boolean eos = settings.flag("add_eos_token", t5);
    String first = settings.token("bos_token", "<s>");
    String last = settings.token("eos_token", "</s>");
    Map<String, Integer> ids = IntStream.range(0, tokens.size()).boxed()
        .collect(Collectors.toMap(tokens::get, id -> id, (a, b) -> a));
    for (String token : fairseq ? List.of("<s>", "</s>") : bos && eos ? List.of(first, last) : bos ? List.of(first)
        : eos ? List.of(last) : List.<String>of()) {
      if (ids.containsKey(token)) {
        continue;
      }
      throw new TokenizerException(where + ": the special token \"" + token + "\" is not in the vocabulary");
    }
    if (fairseq) {
      out.postProcessors(List.of(DefinitionWriter.template("<s> $A </s>", "<s> $A </s> </s> $B </s>", ids)));
    } else if (bos || eos) {
      String single = (bos ? first + " " : "") + "$A" + (eos ? " " + last : "");
      // T5 is one segment, Llama's second text another.
      String type = t5 ? "" : ":1";
      String second = (bos ? first + type + " " : "") + "$B" + type + (eos ? " " + last + type : "");
      out.postProcessors(List.of(DefinitionWriter.template(single, single + " " + second, ids)));
    }
  }
}
