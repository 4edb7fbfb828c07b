/** DeBERTa 2 and 3 (He and others 2020, 2021): BERT whose attention compares tokens with distances. */
package dev.hone.nn.deberta;
