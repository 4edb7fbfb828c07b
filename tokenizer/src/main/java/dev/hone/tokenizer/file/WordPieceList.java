package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code vocab.txt}: BERT's vocabulary, one token a line, the line's number is its id. */
final class WordPieceList {
  private WordPieceList() {}

  static byte[] json(Path file, DirectorySettings settings) throws IOException {
    List<String> tokens = TokenizerFile.lines(file);
    if (tokens.isEmpty()) {
      throw new TokenizerException(file + ": there are no tokens");
    }
    String unknown = settings.token("unk_token", "[UNK]");
    String cls = settings.token("cls_token", "[CLS]");
    String sep = settings.token("sep_token", "[SEP]");
    TokenizerFile.require(tokens, unknown, file);
    DefinitionWriter out = new DefinitionWriter();
    out.wordPiece(tokens, unknown);
    settings.addTokens(out, tokens,
        Map.of("unk_token", unknown, "cls_token", cls, "sep_token", sep, "pad_token", "[PAD]", "mask_token", "[MASK]"));
    out.normalizers(List.of(DefinitionWriter.bertNormalizer(settings.flag("do_lower_case", true),
        settings.flag("tokenize_chinese_chars", true), settings.flagOrNull("strip_accents"))));
    out.preTokenizers(List.of(DefinitionWriter.type("BertPreTokenizer")));
    out.postProcessors(List.of(DefinitionWriter.template(cls + " $A " + sep, cls + " $A " + sep + " $B:1 " + sep + ":1",
        Map.of(cls, TokenizerFile.require(tokens, cls, file), sep, TokenizerFile.require(tokens, sep, file)))));
    out.decoders(List.of(DefinitionWriter.type("WordPiece").put("prefix", "##").put("cleanup", true)));
    return out.bytes();
  }
}
