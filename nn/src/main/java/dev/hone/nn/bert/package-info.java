/**
 * Encoders of the BERT kind: BERT, RoBERTa (with XLM-RoBERTa and CamemBERT) and DistilBERT. They share one backbone;
 * {@link dev.hone.nn.bert.BertNames} holds what their files call its parts, {@link dev.hone.nn.bert.BertConfig} their
 * differences, and each has a classification head of its own.
 */
package dev.hone.nn.bert;
