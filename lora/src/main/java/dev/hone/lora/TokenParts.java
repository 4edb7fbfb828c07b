package dev.hone.lora;

import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.Linear;
import dev.hone.nn.PretrainedModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts trained tokens into a model. PEFT's rules: a name is the end of a path, and a tied head follows its table. */
final class TokenParts {
  private static final String SETTING = "trainable_token_indices";

  private final PretrainedModel model;
  private final AdapterConfig config;
  private final Tie tie;
  private final Parts parts;

  private TokenParts(Selection selection, Parts parts) {
    this.model = selection.model();
    this.config = selection.config();
    this.tie = selection.tie();
    this.parts = parts;
  }

  /** Adds the pieces for these tokens to those of a method. */
  static void add(Selection selection, TokenIndices tokens, Parts parts) {
    if (!tokens.isEmpty()) {
      new TokenParts(selection, parts).add(tokens);
    }
  }

  private void add(TokenIndices tokens) {
    Map<String, List<Integer>> byPath = new LinkedHashMap<>();
    Map<String, Layer> layers = model.layers();
    tokens.byModule().forEach((module, ids) -> {
      int before = byPath.size();
      layers.forEach((path, layer) -> {
        boolean meant = module.isEmpty() ? layer == model.backbone().embeddings()
            : model.fileName(path).endsWith(module) && (layer instanceof Embedding || isHead(layer));
        if (meant && byPath.put(path, ids) != null) {
          throw new AdapterException(SETTING + " names " + model.fileName(path) + " twice");
        }
      });
      if (byPath.size() == before) {
        throw new AdapterException(SETTING + " '" + module + "' is the end of no table's name; the table of embeddings is "
            + model.fileName(pathOf(model.backbone().embeddings())));
      }
    });
    List<Integer> table = tie == null ? null : byPath.get(tie.tablePath());
    boolean follows = table != null && table.equals(byPath.getOrDefault(tie.headPath(), table));
    if (table != null && !follows && config instanceof LoraConfig lora && lora.ensureWeightTying()) {
      throw new AdapterException("ensure_weight_tying: " + SETTING + " has other tokens for " + tie.tablePath() + " than for "
          + tie.headPath() + "; name the same ones");
    }
    byPath.forEach((path, ids) -> {
      if (!follows || !path.equals(tie.headPath())) {
        put(path, layers.get(path), ids);
      }
    });
    if (follows) {
      checkFree(tie.headPath(), layers.get(tie.headPath()));
      parts.linears().put(tie.headPath(), new TokenHead((TokenRows) parts.embeddings().get(tie.tablePath()), true));
    }
  }

  private boolean isHead(Layer layer) {
    return model.layers().entrySet().stream().anyMatch(entry -> entry.getValue() == layer && layer instanceof Linear linear
        && entry.getKey().equals(headPath()) && linear.isTransposed());
  }

  private String headPath() {
    return tie != null ? tie.headPath() : "lm_head";
  }

  private String pathOf(Layer wanted) {
    return model.layers().entrySet().stream().filter(entry -> entry.getValue() == wanted).map(Map.Entry::getKey).findFirst()
        .orElseThrow();
  }

  private void put(String path, Layer layer, List<Integer> ids) {
    checkFree(path, layer);
    switch (layer) {
      case Embedding table -> {
        checkIds(path, ids, table.weight().shape().dim(0));
        parts.embeddings().put(path, TokenRows.of(ids, table.weight().value()));
      }
      case Linear head -> {
        checkIds(path, ids, head.outputs());
        parts.linears().put(path, new TokenHead(TokenRows.of(ids, head.weight().value()), false));
      }
      default -> throw new AssertionError(path);
    }
  }

  private void checkFree(String path, Layer layer) {
    String name = model.fileName(path);
    if (config.saves(name)) {
      throw new AdapterException(SETTING + " trains rows of " + name + ", and modules_to_save all of it; name it in one of them");
    }
    boolean adapted = parts.linears().containsKey(path) || parts.embeddings().containsKey(path)
        || (layer instanceof Linear linear ? linear.adapter() != null : ((Embedding) layer).adapter() != null);
    if (adapted) {
      throw new AdapterException(SETTING + ": " + name + " has an adapter already; take it out of target_modules, or detach that "
          + "first");
    }
    if (layer instanceof Linear linear && (linear.bias() != null || linear.weight().value().isQuantized())) {
      throw new AdapterException(SETTING + ": " + name + (linear.bias() != null ? " has a bias, which PEFT leaves out there"
          : " is quantised") + "; train it whole (modules_to_save), or the table alone");
    }
  }

  private void checkIds(String path, List<Integer> ids, int rows) {
    for (int id : ids) {
      if (id >= rows) {
        throw new AdapterException(SETTING + " has token " + id + ", and " + model.fileName(path) + " has " + rows
            + " rows; add rows first (hone resize), or load the resized base that the adapter was trained on");
      }
    }
  }
}
