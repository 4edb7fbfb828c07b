package dev.hone.tokenizer.file;

import dev.hone.tokenizer.decoder.Decoder;
import dev.hone.tokenizer.definition.AddedToken;
import dev.hone.tokenizer.definition.Padding;
import dev.hone.tokenizer.definition.Truncation;
import dev.hone.tokenizer.model.Model;
import dev.hone.tokenizer.normalizer.Normalizer;
import dev.hone.tokenizer.postprocessor.PostProcessor;
import dev.hone.tokenizer.pretokenizer.PreTokenizer;
import java.util.List;

/**
 * All that a tokenizer file says.
 *
 * @param normalizer null if there is none
 * @param preTokenizer null if there is none
 * @param decoder null if there is none: tokens are then joined with spaces
 * @param truncation null if the file asks for none
 * @param padding null if the file asks for none
 */
public record Definition(List<AddedToken> addedTokens, Normalizer normalizer, PreTokenizer preTokenizer,
    Model model, PostProcessor postProcessor, Decoder decoder, Truncation truncation, Padding padding) {}
