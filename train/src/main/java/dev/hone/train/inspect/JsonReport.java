package dev.hone.train.inspect;

import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** An inspection as one JSON object. */
final class JsonReport {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private JsonReport() {}

  static String of(Inspection found) {
    ObjectNode tree = JSON.createObjectNode();
    found.files().forEach(tree.putArray("files")::add);
    tree.put("task", found.task().name().toLowerCase(Locale.ROOT)).put("training_rows", found.training())
        .put("held_out_rows", found.heldOut()).put("worst", found.worst().word());
    if (found.maxLength() > 0) {
      tree.put("max_length", found.maxLength());
    }
    found.findings().forEach(finding -> finding(tree.withArray("checks").addObject(), finding));
    lengths(tree.putObject("lengths"), found.lengths());
    shares(tree.putArray("labels"), found.labels());
    shares(tree.putArray("scripts"), found.scripts());
    shares(tree.putArray("languages"), found.languages());
    if (found.fit() != null) {
      tree.putObject("tokenizer").put("tokens_per_word", found.fit().perWord()).put("characters_per_token",
          found.fit().characters())
          .put("unknown_share", found.fit().unknown());
    }
    for (Sample sample : found.samples()) {
      ObjectNode node = place(tree.withArray("samples").addObject(), sample.place());
      node.put("label", sample.label()).put("tokens", sample.tokens()).put("learnt", sample.learnt()).put("cut", sample.cut());
      sample.spans().forEach(span -> node.withArray("spans").addObject().put("text", span.text()).put("learnt", span.trained()));
    }
    return JSON.writeValueAsString(tree);
  }

  private static void finding(ObjectNode node, Finding finding) {
    node.put("check", finding.check().title()).put("level", finding.level().word()).put("verdict", finding.verdict())
        .put("rows", finding.rows());
    ArrayNode first = node.putArray("first");
    for (Finding.Hit hit : finding.first()) {
      ObjectNode row = place(first.addObject(), hit.row());
      if (hit.other() != null) {
        place(row.putObject("other"), hit.other());
      }
      if (!hit.detail().isEmpty()) {
        row.put("detail", hit.detail());
      }
    }
  }

  private static ObjectNode place(ObjectNode node, Finding.Place place) {
    return node.put("file", place.file()).put(place.unit(), place.number());
  }

  private static void lengths(ObjectNode node, Histogram lengths) {
    node.put("unit", lengths.unit()).put("smallest", lengths.smallest()).put("median", lengths.median())
        .put("percentile_95", lengths.most95()).put("largest", lengths.largest());
    for (int edge : lengths.edges()) {
      node.withArray("edges").add(edge);
    }
    for (int count : lengths.counts()) {
      node.withArray("counts").add(count);
    }
  }

  private static void shares(ArrayNode array, List<Share> shares) {
    shares.forEach(share -> array.addObject().put("name", share.name()).put("training", share.training())
        .put("held_out", share.heldOut()));
  }
}
