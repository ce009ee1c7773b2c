root overlai
