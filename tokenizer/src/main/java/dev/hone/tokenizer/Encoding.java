package dev.hone.tokenizer;

import dev.hone.tokenizer.definition.Padding;
import dev.hone.tokenizer.definition.Truncation;
import dev.hone.tokenizer.tokens.EncodedTokens;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * What a text became: n tokens, each with its id, segment, word and the range of the text it covers.
 * Immutable; the arrays returned are copies.
 *
 * <p>Ranges are [start, end) in <em>code points</em> of the text that was given, whatever a normaliser
 * made of it; tokens that were added around the text have the range [0, 0).
 */
public final class Encoding {
  private final EncodedTokens tokens;
  private final IntFunction<String> vocabulary;

  Encoding(EncodedTokens tokens, IntFunction<String> vocabulary) {
    this.tokens = tokens;
    this.vocabulary = vocabulary;
  }

  /** Encodings, each filled up; one that is longer already stays as it is. */
  public static List<Encoding> padAll(List<Encoding> encodings, Padding padding) {
    int target = padding.target(encodings.stream().mapToInt(Encoding::size).max().orElse(0));
    return encodings.stream().map(encoding -> encoding.padded(padding, target)).toList();
  }

  private Encoding padded(Padding padding, int length) {
    boolean left = padding.side() == Truncation.Side.LEFT;
    String known = vocabulary.apply(padding.id());
    return new Encoding(
        tokens.padded(length, left, padding.id(), padding.typeId(), padding.token(), known), vocabulary);
  }

  /** Number of tokens, n. */
  public int size() {
    return tokens.ids().length;
  }

  /** Token ids, [n]. */
  public int[] ids() {
    return tokens.ids().clone();
  }

  /** Segment numbers, [n]: what BERT calls token type ids. */
  public int[] typeIds() {
    return tokens.typeIds().clone();
  }

  /** First code point of each token, [n]. */
  public int[] starts() {
    return tokens.starts().clone();
  }

  /** Code point after the last of each token, [n]. */
  public int[] ends() {
    return tokens.ends().clone();
  }

  /** The piece of the text (or the given word) each token is part of, [n]; -1 for added tokens. */
  public int[] wordIds() {
    return tokens.words().clone();
  }

  /** 0 or 1 for tokens of the first or second text, [n]; -1 for added tokens and padding. */
  public int[] sequenceIds() {
    byte[] sequences = tokens.sequences();
    return IntStream.range(0, sequences.length).map(i -> Math.max(sequences[i], -1)).toArray();
  }

  /** 1 for special tokens and padding that were added around the text, else 0, [n]. */
  public int[] specialTokensMask() {
    byte[] sequences = tokens.sequences();
    return IntStream.range(0, sequences.length).map(i -> sequences[i] < 0 ? 1 : 0).toArray();
  }

  /** 0 for padding, else 1, [n]. All ones unless {@link Padding} was applied. */
  public int[] attentionMask() {
    byte[] sequences = tokens.sequences();
    return IntStream.range(0, sequences.length)
        .map(i -> sequences[i] == EncodedTokens.PAD ? 0 : 1).toArray();
  }

  /** The texts of the tokens, in the vocabulary's own spelling. */
  public List<String> tokens() {
    return IntStream.range(0, size()).mapToObj(this::token).toList();
  }

  /** The text of token i. */
  public String token(int i) {
    String own = tokens.texts() == null ? null : tokens.texts()[i];
    return own != null ? own : vocabulary.apply(tokens.ids()[i]);
  }

  /** The id of token i. */
  public int id(int i) {
    return tokens.ids()[i];
  }

  /** First code point of token i. */
  public int start(int i) {
    return tokens.starts()[i];
  }

  /** Code point after the last of token i. */
  public int end(int i) {
    return tokens.ends()[i];
  }

  /** What {@link Truncation} cut off, as encodings of their own; empty if nothing was. */
  public List<Encoding> overflowing() {
    return tokens.overflowing().stream().map(o -> new Encoding(o, vocabulary)).toList();
  }

  @Override
  public String toString() {
    return "Encoding" + Arrays.toString(tokens.ids());
  }
}
