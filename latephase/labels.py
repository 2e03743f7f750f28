"""What figures call optimizers and metrics, and the optimizers' colours."""

from latephase.plots import CATEGORIES

OPTIMIZERS = {
    "sgd": "SGD",
    "sgdw": "SGDW",
    "adam": "Adam",
    "adamw": "AdamW",
    "signum": "Signum",
    "signumw": "SignumW",
    "adam_mixture": "Adam, mixed decay",
    "lion": "Lion",
    "muon": "Muon",
    "shampoo": "Shampoo",
}
COLOURS = dict(zip(OPTIMIZERS, CATEGORIES, strict=True))

METRICS = {
    "nc0": r"NC0 = $\Vert W^\top 1 \Vert_2$",
    "nc0_normalized": r"NC0 / $\Vert W \Vert_F$",
    "nc1_pinv": r"NC1 = Tr($\Sigma_W \Sigma_B^+$) / K",
    "nc2_etf": "NC2, means to a simplex",
    "nc3_duality": r"NC3, $\Vert W/\Vert W\Vert - M/\Vert M\Vert\,\Vert_F$",
    "nc4_agreement_test_without_bias": "NC4, agreement on the test set",
    "weight_singular_value_min": "smallest singular value of W",
    "weight_singular_value_mean_others": "mean of the other ones",
    "loss_train": "training loss",
    "accuracy_train": "training accuracy",
    "accuracy_test": "test accuracy",
}

AXES = {
    "optimizer.name": "optimizer",
    "optimizer.momentum": "momentum",
    "optimizer.weight_decay": "weight decay",
    "optimizer.coupled_weight_decay": "coupled decay",
}
